"""Repeatable measurements; figures are quoted as ratios of one run. `make bench` runs all, `python -m bench.text` one."""
