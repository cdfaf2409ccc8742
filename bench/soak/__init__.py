"""The soak: moderate load for as long as one likes, and for everything that should be flat the answer whether it is. `make soak`."""
