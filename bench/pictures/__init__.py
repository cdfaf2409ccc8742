"""Pictures by the thousand: mutated ones against the studio, faces and words before the nets, uploads beside a live room."""
