"""The live core: rooms, their logs, and everyone who hears them."""
