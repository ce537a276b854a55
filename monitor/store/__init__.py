"""The memory of Dabyl: what was said, what it seems to mean, what is owed to whom, and who did what."""
