"""Seeded faults on the real stack, and a checker that judges only what clients sent and received. `make chaos`."""
