"""PURE: measurements to verdicts and signals. Takes values and `now`, returns values, awaits nothing."""
