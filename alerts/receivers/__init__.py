"""Ways to reach people: one module per channel, found by its name."""
