"""Showing: the status page and its API, on loopback unless told otherwise."""
