"""A state machine over a room's whole life: `model` says what must be, `real` is two servers with sockets, test_machine.py drives both."""
