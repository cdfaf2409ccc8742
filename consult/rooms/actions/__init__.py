"""The only writers of rooms. Each action is one transaction; all refusals come before all writes."""
