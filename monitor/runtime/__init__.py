"""Keeping it alive: clock, supervisor, logs, metrics."""
