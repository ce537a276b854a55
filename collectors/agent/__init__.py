"""The probe agent: a disk queue, signed and sealed parcels, and ways to the core that survive a blackout."""
