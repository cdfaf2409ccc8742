"""The tests, mirroring consult/; people.py holds the cast."""
