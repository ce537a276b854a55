"""Decide and tell people: rules over signals, incidents, and the messages they owe."""
