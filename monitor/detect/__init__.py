"""PURE: measurements to verdicts and signals: baselines, the filter, silence, quorum, fusion, modes. No I/O, no clock."""
