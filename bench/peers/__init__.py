"""What people would use instead, each in its simplest honest form."""
