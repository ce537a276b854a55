"""Steps from one schema of the state store to the next, oldest first. Each runs whole or not at all."""

from typing import Final

REVISIONS: Final = ("0001", "0002", "0010", "0020", "0030")
"""Every schema that this release can read and bring up to date. A test compares it with the steps themselves."""

HEAD: Final = REVISIONS[-1]
"""The schema of this release."""
