"""What words may be: not blank, not too long, no control characters; the tags in them; mentions by code points."""

from __future__ import annotations

import sys
import unicodedata
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.errors import Refusal
from consult.rooms import content
from consult.rooms.commands.messages import MentionAt


def refusal(call: Callable[..., Any], *args: Any) -> str | None:
    try:
        call(*args)
    except Refusal as refused:
        return refused.code
    return None


@pytest.mark.parametrize(
    "body", ["", " ", "\n\r\t", "\u00a0", "\u3000", "\u200b\u200d\u2060", "\ufeff", "\u00ad", "\u034f", "\u3164", "\ufe0f", "\U000e0020", "\u202e\u2066", "\u115f\u1160"]
)
def test_what_shows_nothing_is_blank(body: str) -> None:
    assert refusal(content.check_body, body) == "message.blank"


@pytest.mark.parametrize("body", ["a", ".", "\u200ba", "\u2800", "🩺", "\u0301", "0", "é\u200d"])
def test_what_shows_anything_is_not_blank(body: str) -> None:
    assert refusal(content.check_body, body) is None


def test_control_characters_are_refused_one_by_one_but_tab_and_line_ends() -> None:
    allowed = {"\t", "\n", "\r"}
    for code in range(0x20):
        assert refusal(content.check_body, f"a{chr(code)}b") == (None if chr(code) in allowed else "message.characters"), hex(code)
    for code in range(0x7F, 0xA0):
        assert refusal(content.check_body, f"a{chr(code)}b") == "message.characters", hex(code)
    for char in "\x20\x7e\xa0\u2028\ufffd\ufffe\U0010ffff":
        assert refusal(content.check_body, f"a{char}b") is None


def test_length_counts_code_points() -> None:
    assert refusal(content.check_body, "🩺" * 8000) is None
    assert refusal(content.check_body, "a" * 8001) == "message.too_long"
    assert refusal(content.check_body, "e\u0301" * 4001) == "message.too_long"


def test_every_white_space_of_unicode_is_blank() -> None:
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        if unicodedata.category(char) in ("Zs", "Zl", "Zp"):
            assert refusal(content.check_body, char) == "message.blank", hex(code)


@given(st.text())
def test_a_check_answers_for_any_text(body: str) -> None:
    assert refusal(content.check_body, body) in (None, "message.blank", "message.too_long", "message.characters")


@pytest.mark.parametrize(
    ("body", "tags"),
    [
        ("#DocToctoc et #dermoscopie.", ["doctoctoc", "dermoscopie"]),
        ("#Été #ete #ÉTÉ", ["ete"]),
        ("##deux a#b &#39; http://x/#ancre", []),
        ("#1er #_x", []),
        ("(#psy)", ["psy"]),
        ("#a", []),
        ("#covid19_2", ["covid19_2"]),
        ("", []),
        (" ".join(f"#tag{n}" for n in range(12)), [f"tag{n}" for n in range(10)]),
    ],
)
def test_tags_are_folded_and_each_once(body: str, tags: list[str]) -> None:
    assert content.tags(body) == tags


@given(st.text(alphabet=st.sampled_from("#éÀßİﬁﷺx1_ ")))
def test_a_tag_always_fits_its_column(body: str) -> None:
    found = content.tags(body)
    assert len(found) == len(set(found)) <= 10 and all(0 < len(t) <= 60 for t in found)


def test_mentions_lie_within_the_body() -> None:
    person = str(uuid.uuid4())
    at = lambda start, length: [MentionAt(person=person, start=start, length=length)]  # noqa: E731
    assert content.check_mentions("🩺@N", at(1, 2)) == [{"person": person, "start": 1, "length": 2}]
    assert refusal(content.check_mentions, "🩺@N", at(1, 3)) == refusal(content.check_mentions, "🩺@N", at(3, 1)) == "message.mentions"
    assert content.check_mentions("x", None) == content.check_mentions("x", ()) == []
    assert content.mentioned(at(0, 1) + at(2, 1)) == [uuid.UUID(person)]
    assert refusal(content.mentioned, [MentionAt(person=person.upper(), start=0, length=1)]) == "message.mentions"
