"""Who did what, when, to which object. Append-only; never content."""
