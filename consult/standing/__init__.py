"""What a person may do right now: verification, sanctions, sessions, tickets, and the access_change log."""
