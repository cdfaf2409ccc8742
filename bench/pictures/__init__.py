"""Pictures by the thousand: mutated ones against the studio, faces before the net, uploads beside a live room."""
