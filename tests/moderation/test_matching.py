"""What rules look for: words, patterns and links, in bounded time; and what no rule may look for."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest

from consult.errors import Refusal
from consult.moderation import counting, matching
from consult.moderation.counting import DAY_S, Counter
from tests.people import some_id

MOST_BODY = 8000


def finds(kind: str, text: str, **data: Any) -> bool:
    return matching.matcher(kind, data)(text)


@pytest.mark.parametrize("text", ["Du PROTOXYDE ?", "protoxydé", "le proto\u200bxyde.", "un — protoxyde—"])
def test_words_are_found_whole_whatever_their_case_accents_and_signs(text: str) -> None:
    assert finds("words", text, words=["Protoxyde"])


def test_a_word_inside_another_is_not_found() -> None:
    assert not finds("words", "des protoxydes", words=["protoxyde"])
    assert finds("words", "le gaz   hilarant", words=["gaz hilarant"])
    assert not finds("words", "gaz très hilarant", words=["gaz hilarant"])


def test_patterns_are_re2() -> None:
    assert finds("pattern", "lot n° 4521", pattern=r"n° ?[0-9]{4}\b")
    assert finds("pattern", "voir Mme Étienne", pattern=r"\b(?:M\.|Mme) \p{Lu}\pL+")
    assert not finds("pattern", "lot", pattern="^$")


@pytest.mark.parametrize(
    "pattern",
    [r"(a)\1", "(?=a)b", "(?<!a)b", "(", "a{2000}", "((a?){30}){30}x", "((a?){25}){25}x", r"\pL{1,200}\pN{1,200}\pL{1,200}$", "a" * 501, "\ud800"],
)
def test_what_cannot_be_bounded_is_refused_with_its_reason(pattern: str) -> None:
    with pytest.raises(Refusal) as refused:
        matching.check("pattern", {"pattern": pattern})
    assert refused.value.code == "rule.pattern" and refused.value.extra["fields"] == ["data"] and refused.value.extra["detail"]
    assert "Motif" in refused.value.say("fr") and "Pattern" in refused.value.say("en")


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|aa)+$", r"(.*a){8}x", r"([a-z]+)*!", r"(?:a?){40}a{40}b"])
def test_catastrophic_patterns_take_no_longer_than_others(pattern: str) -> None:
    matches = matching.matcher("pattern", {"pattern": pattern})
    began = time.thread_time()
    matches("a" * MOST_BODY)
    assert time.thread_time() - began < 0.5  # backtracking would not end today


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("voir https://www.has-sante.fr/avis", False),
        ("voir www.has-sante.fr.", False),
        ("voir https://has-sante.fr.example.org/", True),
        ("voir https://has-sante.fr@example.org/", True),
        ("voir HTTPS://EXAMPLE.ORG", True),
        ("ftp://has-sante.fr/x", False),
        ("https://[", True),
        ("pas de lien, has-sante.fr", False),
    ],
)
def test_links_lead_to_allowed_hosts_and_below(text: str, found: bool) -> None:
    assert finds("links", text, hosts=["has-sante.fr"]) is found


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("words", {}),
        ("words", {"words": []}),
        ("words", {"words": ["!!"]}),
        ("words", {"words": "abc"}),
        ("words", {"words": ["x"] * 201}),
        ("words", {"words": ["x" * 81]}),
        ("words", {"words": ["x"], "more": 1}),
        ("pattern", {"pattern": ""}),
        ("pattern", {"pattern": 3}),
        ("links", {"hosts": [1]}),
        ("rate", {"messages": 0, "seconds": 60}),
        ("rate", {"messages": True, "seconds": 60}),
        ("rate", {"messages": 5, "seconds": 60, "days": 3}),
        ("rate", {"messages": 5, "seconds": 90_000}),
        ("newcomer", {"messages": 5, "seconds": 60}),
        ("newcomer", {"messages": 5, "seconds": 60, "days": -1}),
    ],
)
def test_data_that_no_rule_needs_is_refused(kind: str, data: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        matching.check(kind, data)
    assert refused.value.code == "frame.invalid" and refused.value.extra["fields"] == ["data"]


def test_a_rate_is_a_persons_in_a_room() -> None:
    room, person, other = (uuid.UUID(some_id()) for _ in range(3))
    rate = Counter(messages=2, seconds=60)
    assert [rate.over(room, person, at, None) for at in (0.0, 1.0, 2.0, 3.0)] == [False, False, True, True]
    assert not rate.over(room, other, 3.0, None) and not rate.over(other, person, 3.0, None)
    assert not rate.over(room, person, 70.0, None)


def test_a_newcomer_is_one_for_so_many_days() -> None:
    room, person = uuid.UUID(some_id()), uuid.UUID(some_id())
    rule = Counter(messages=0, seconds=60, days=7)
    assert rule.over(room, person, 7.0 * DAY_S, 1.0)
    assert not rule.over(room, person, 7.0 * DAY_S + 2, 1.0)
    assert not rule.over(room, person, 1.0, None)


def test_what_is_counted_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "TIDY", 10)
    rate, room = Counter(messages=3, seconds=60), uuid.UUID(some_id())
    for n in range(1000):
        rate.over(room, uuid.UUID(int=n), float(n), None)
    assert len(rate._times) < 100
