"""PURE: measurements to signals. Baselines, the filter, silence, quorum, fusion, modes. No I/O, no clock."""
