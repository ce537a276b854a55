"""Backups: everything that the service remembers in one encrypted file, and the way back, rehearsed."""
