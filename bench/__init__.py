"""The one benchmark: Consult beside what people would use instead, on one machine. `make bench`, `make bench-full`."""
