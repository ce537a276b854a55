"""PURE: text to findings. Knows languages, lexicons and places; does no I/O and reads no clock."""
