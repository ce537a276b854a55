"""The words and the seams: plain values and protocols.

Nothing here does I/O, reads a clock, or imports another part of Dabyl. A type may enter when at least two rooms
speak of it; what only one room needs stays in that room.
"""
