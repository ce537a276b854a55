"""PURE: networks that never were, from a seed: operators, regions, targets and vantages, with incidents and noise."""
