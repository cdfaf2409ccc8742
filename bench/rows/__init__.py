"""The rows of the table, a module for each family: what they open, drive and claim."""
