"""Bring the outside in: each module hears one kind of source and yields Items."""
