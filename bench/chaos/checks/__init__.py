"""What the checker knows: the final logs, what was promised about client ids, what each connection heard, and the verdict."""
