"""The clinical question: who asks what of whom, and how far it has got."""
