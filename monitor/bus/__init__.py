"""The doorbell between parts; the store is the memory."""
