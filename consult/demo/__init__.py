"""The demo: a cast, threads written for it, and the command that plays them into a fresh database."""
