"""Consult: open, self-hostable live rooms where verified clinicians ask each other."""

__version__ = "0.1.0"
