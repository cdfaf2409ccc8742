"""Above rooms: who is let in, and later reports and live tools."""
