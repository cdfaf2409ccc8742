"""Pictures: from what a phone sends to clean pixels, and where those are kept. Knows pixels and storage, not rights."""
