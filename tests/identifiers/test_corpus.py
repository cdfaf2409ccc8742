"""The labelled texts: the held-out part is the one that was frozen, and its labels point at what they say."""

from pathlib import Path

from bench.identifiers import held_out, prose
from tests.identifiers import nir_valid


def test_the_held_out_part_is_the_frozen_one():
    texts = list(held_out.PART.texts(held_out.COUNT))
    assert len(texts) >= 2000
    assert prose.checksum(texts) == Path(held_out.__file__).with_name("held_out.sha256").read_text().strip()
    assert 0.37 < sum(not text.labels for text in texts) / len(texts) < 0.43


def test_labels_point_at_what_they_name():
    texts = list(held_out.PART.texts(400))
    nirs = [text.body[label.start : label.end] for text in texts for label in text.labels if label.category == "nir"]
    assert len(nirs) > 10
    assert all(nir_valid(n) for n in nirs)
    mails = [text.body[label.start : label.end] for text in texts for label in text.labels if label.category == "email"]
    assert all("@" in m or "arobase" in m.lower() for m in mails)
