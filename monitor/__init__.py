"""Dabyl's middle: understands what collectors bring, remembers it, and shows it."""

__version__ = "0.1.0"
