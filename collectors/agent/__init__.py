"""The probe agent: a disk queue, signed and sealed parcels, and ways to the core that survive a blackout."""

from dns import _features

for feature in ("doq", "doh", "dnssec", "trio"):
    # dnspython would load whole libraries for ways of asking that are not used here; they cost 3 of the agent's 60 MiB.
    _features.force(feature, False)
