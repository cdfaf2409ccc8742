"""What is an identifier and what is none: the cases that the browser reads as well, other people's code as judge, and time."""

import json
import sys
import time
from pathlib import Path
from random import Random

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat

from bench.identifiers import held_out
from consult.identifiers import find
from consult.identifiers.find import fold
from consult.identifiers.rules import ALL, LEVELS, RULES
from consult.rooms.identifying import CONFIRMABLE
from tests.identifiers import nir_valid

CASES = json.loads(Path(__file__).with_name("cases.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["text"][:40])
def test_the_shared_cases(case):
    text = case["text"]
    assert [[text[f.start : f.end], f.category] for f in find(text, doctors=case.get("doctors", ()))] == case["found"]


def test_levels_follow_categories():
    assert {f.level for f in find("Né le 12/03/1978, 06 12 34 56 78, habite à Chaource")} == {"block", "confirm", "hint"}
    assert {c for c, level in LEVELS.items() if level == "confirm"} == set(CONFIRMABLE)
    assert {r.category for r in RULES} | {"birth_date", "nir_like"} == set(LEVELS)


def test_without_hints_the_rest_is_the_same():
    text = "Mme Kervella, 93 ans, née le 12/03/1932, vue le 12/03/2024, habite à Chaource, ancien maire."
    assert find(text, hints=False) == [f for f in find(text) if f.level != "hint"]
    assert len(find(text)) > len(find(text, hints=False))


def test_a_key_is_valid_where_python_stdnum_says_so():
    chance = Random(3)
    seen = {True: 0, False: 0}
    for _ in range(5000):
        place = chance.choice(["2A", "2B"]) + f"{chance.randrange(1, 400):03d}" if chance.random() < 0.1 else f"{chance.randrange(1, 96):02d}{chance.randrange(1, 900):03d}"
        number = f"{chance.choice('12')}{chance.randrange(100):02d}{chance.randrange(1, 13):02d}{place}{chance.randrange(1, 999):03d}"
        key = 97 - int(number.replace("2A", "19").replace("2B", "18")) % 97
        if chance.random() < 0.5:
            key = chance.randrange(1, 98)
        written = f"sécu {number}{key:02d}"
        found = [f.category for f in find(written)]
        valid = nir_valid(written[5:])
        seen[valid] += 1
        assert found == ["nir" if valid else "nir_like"], written
    assert min(seen.values()) > 500


@pytest.mark.parametrize("form", [PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.E164])
@pytest.mark.parametrize("region", ["FR", "BE", "CH"])
def test_numbers_as_phonenumbers_writes_them(region, form):
    if region != "FR" and form == PhoneNumberFormat.NATIONAL:
        region = "GP"  # the other countries' national forms are not ours to tell from other numbers; Guadeloupe's are
    chance, checked = Random(5), 0
    while checked < 200:
        number = phonenumbers.parse(chance.choice("1234569") + f"{chance.randrange(10**8):08d}", region)
        if not phonenumbers.is_valid_number(number):
            continue
        written = phonenumbers.format_number(number, form)
        text = f"Joindre la famille au {written}, le soir."
        assert [text[f.start : f.end] for f in find(text)] == [written]
        checked += 1


def test_the_sieve_lets_through_what_the_patterns_find_and_nothing_else():
    chance = Random(11)
    texts = [case["text"] for case in CASES] + [text.body for text in held_out.PART.texts(600)]
    for _ in range(3000):  # cut and joined anywhere: borders of words, of digits and of lines fall where nobody would write them
        one, other = chance.choice(texts), chance.choice(texts)
        texts.append(one[chance.randrange(len(one)) :] + chance.choice(["", " ", "\n", "\u00a0", "é", "°", "\ud800", "😀"]) + other[: chance.randrange(len(other))])
    let_through = 0
    for text in texts:
        low = fold(text).low
        expected = [rule for rule in ALL.rules if rule.pattern.search(low)]
        assert ALL.left(low) == expected, text
        let_through += len(expected)
    assert let_through > len(texts)


def test_time_stays_bounded_whatever_is_written():
    size = 8000
    hostile = [
        "a" * size, "1" * size, "1 " * (size // 2), "0" * size, "06 " * (size // 3), "1-" * (size // 2), "a." * (size // 2), "a@" * (size // 2), "a." * (size // 2 - 10) + "@",
        "mme " * (size // 4), "M. Le " * (size // 6), "née le " * (size // 7), "née a" + " a" * (size // 2 - 10), "12 rue " * (size // 7), "12 rue de la " * (size // 13), "habite a la " * (size // 12),
        "naissance" + " " * (size - 9), "dossier n° " * (size // 11), "+" * size, "+33 " * (size // 4), "é" * size, "e\u0301" * (size // 2), "point arobase " * (size // 14), "1/" * (size // 2), "12/12/" * (size // 6),
        "adresse " * (size // 8), "a'" * (size // 2), "12 janvier " * (size // 11), "rpps " * (size // 5), "\u200b" * size, "10" * (size // 2), "😀" * size, "Dr Le La De Du " * (size // 15),
    ]  # fmt: skip
    for text in hostile:
        assert _calls(text * 4) <= 4.5 * _calls(text) + 50, text[:12]
        began = time.process_time()
        find(text)
        assert time.process_time() - began < 5, text[:12]  # a pattern that tries every way takes minutes


def _calls(text: str) -> int:
    """How many calls, Python's and C's, looking through a text takes: the same on a busy machine."""
    count = 0

    def called(frame: object, event: str, arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(called)
    try:
        find(text)
    finally:
        sys.setprofile(None)
    return count
