"""Fuzzers: a real server is sent what no client would send, and must answer as the protocol says, every time. `make fuzz`."""
