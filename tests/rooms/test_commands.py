"""Strict JSON, and what is a command: everything else is `frame.invalid`, with the fields that are wrong and the `ref` where there is one."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.rooms import commands, parsing
from consult.rooms.commands.fields import Command
from consult.rooms.commands.messages import MessagePost

ID = "0b0c1d2e-3f40-4a5b-8c6d-7e8f90a1b2c3"
POST = {"type": "message.post", "ref": 7, "room": "R", "id": ID, "body": "bonjour"}


def invalid(text: str) -> parsing.Invalid:
    with pytest.raises(parsing.Invalid) as refused:
        parsing.parse(text)
    assert refused.value.code == "frame.invalid"
    return refused.value


def without(*names: str, **changes: Any) -> str:
    return json.dumps({k: v for k, v in {**POST, **changes}.items() if k not in names})


TOOL = {"room": "R", "id": ID, "reason": "un motif"}
WHOLE = {
    "hello": {"protocols": [1], "client": "t/1", "ticket": "x", "locale": "fr", "resume": [{"room": "R", "after": {"epoch": "E", "seq": 0}}, {"room": "S", "after": None}]},
    "room.enter": {"room": "R", "after": {"epoch": "E", "seq": 118}},
    "room.leave": {"room": "R"},
    "message.post": {"room": "R", "id": ID, "body": "x", "reply_to": None, "images": [], "mentions": [{"person": "P", "start": 0, "length": 1}]},
    "message.edit": {"room": "R", "message": "M", "base": 1, "body": "x", "mentions": None},
    "message.retract": {"room": "R", "message": "M"},
    "reaction.add": {"room": "R", "message": "M", "reaction": "agree"},
    "answer.accept": {"room": "R", "id": ID, "message": "M", "base": 3},
    "answer.unaccept": {"room": "R", "id": ID, "message": "M"},
    "vote.give": {"room": "R", "id": ID, "message": "M", "base": 3, "vote": "agree"},
    "vote.withdraw": {"room": "R", "id": ID, "message": "M"},
    "differential.propose": {"room": "R", "id": ID, "label": "Mycose"},
    "differential.withdraw": {"room": "R", "id": ID, "differential": "D"},
    "differential.back": {"room": "R", "id": ID, "differential": "D"},
    "differential.unback": {"room": "R", "id": ID, "differential": "D"},
    "reference.add": {"room": "R", "id": ID, "message": "M", "link": "10.1000/182"},
    "reference.remove": {"room": "R", "id": ID, "reference": "X"},
    "outcome.tell": {"room": "R", "id": ID, "body": "Guérie.", "verdict": "confirmed"},
    "reaction.remove": {"room": "R", "message": "M", "reaction": "discuss"},
    "read.mark": {"room": "R", "seq": 0},
    "mark.add": {"room": "R", "id": ID, "message": "M", "image": "I", "drawn": {"kind": "number", "at": {"x": 0.5, "y": 0.5}, "n": 1}},
    "mark.remove": {"room": "R", "mark": "K"},
    "pointer": {"room": "R", "image": "I", "at": {"x": 0.5, "y": 0.5}},
    "moderator.join": TOOL,
    "moderator.leave": {"room": "R", "id": ID},
    "moderator.call": {**TOOL, "person": None},
    "message.hide": {**TOOL, "message": "M"},
    "message.restore": {**TOOL, "message": "M"},
    "image.hide": {**TOOL, "message": "M", "image": "I"},
    "image.restore": {**TOOL, "message": "M", "image": "I"},
    "image.ask_mask": {**TOOL, "message": "M", "image": "I"},
    "differential.hide": {**TOOL, "differential": "D"},
    "differential.restore": {**TOOL, "differential": "D"},
    "reference.hide": {**TOOL, "reference": "X"},
    "reference.restore": {**TOOL, "reference": "X"},
    "member.silence": {**TOOL, "person": "P", "seconds": 600},
    "member.unsilence": {**TOOL, "person": "P"},
    "member.remove": {**TOOL, "person": "P"},
    "member.readmit": {**TOOL, "person": "P"},
    "room.slow": {**TOOL, "seconds": 30, "answers_exempt": True},
    "room.lock": TOOL,
    "room.unlock": TOOL,
    "pin.add": {"room": "R", "id": ID, "message": "M"},
    "pin.remove": {"room": "R", "id": ID, "message": "M"},
    "expert.ask": {**TOOL, "specialty": "SM04"},
    "expert.unask": TOOL,
    "thread.move": {**TOOL, "message": "M", "to": "S"},
    "case.move": {**TOOL, "to": "S"},
    "case.merge": {**TOOL, "into": "S"},
    "typing": {"room": "R"},
    "ping": {},
}


def test_these_are_the_commands() -> None:
    assert set(commands.COMMANDS) == set(WHOLE)


@pytest.mark.parametrize("type", WHOLE)
def test_a_whole_command_is_read(type: str) -> None:
    command = parsing.parse(json.dumps({"type": type, "ref": 1, **WHOLE[type]}))
    assert isinstance(command, commands.COMMANDS[type]) and command.ref == 1


@pytest.mark.parametrize("type", [type for type, whole in WHOLE.items() if "seconds" in whole])
def test_a_duration_is_a_whole_number_from_nought(type: str) -> None:
    for seconds in (-1, -(2**63), 2**53, 1.5, "60", True):
        assert invalid(json.dumps({"type": type, "ref": 1, **WHOLE[type], "seconds": seconds})).extra["fields"] == ["seconds"], seconds


@pytest.mark.parametrize("type", WHOLE)
def test_every_missing_unknown_or_null_required_field_is_named(type: str) -> None:
    whole = {"type": type, "ref": 1, **WHOLE[type]}
    assert invalid(json.dumps({**whole, "more": 1})).extra["fields"] == ["more"]
    for name, field in commands.COMMANDS[type].model_fields.items():
        if name != "type" and field.is_required():
            assert invalid(json.dumps({k: v for k, v in whole.items() if k != name})).extra["fields"] == [name]
            if (type, name) != ("room.enter", "after"):  # required, and may be null
                assert invalid(json.dumps({**whole, name: None})).extra["fields"] == [name]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "null",
        "true",
        "1",
        '"ping"',
        "[]",
        '[{"type":"ping","ref":1}]',
        "{",
        '{"type":"ping","ref":1}}',
        '{"type":"ping","ref":1,}',
        "{'type':'ping','ref':1}",
        '\ufeff{"type":"ping","ref":1}',
        '{"type":"ping","ref":1} {"type":"ping","ref":2}',
        '{"type":"ping","ref":01}',
        '{"type":"ping","ref":+1}',
        '{"type":"ping","ref":0x1}',
        '{"type":"ping","ref":1/* */}',
        '{"a":"\t"}',
        "{" * 100_000,
        "[" * 100_000,
    ],
)
def test_what_is_no_json_object_is_refused_whole(text: str) -> None:
    assert invalid(text).extra["fields"] == ["frame"]


@pytest.mark.parametrize(
    "text", ['{"type":"ping","ref":1,"ref":1}', '{"type":"ping","ref":1,"r\\u0065f":2}', '{"type":"room.enter","ref":1,"room":"R","after":{"epoch":"E","seq":1,"seq":1}}']
)
def test_a_key_that_stands_twice_is_refused(text: str) -> None:
    assert invalid(text).extra["fields"] == ["frame"]


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_what_only_javascript_calls_a_number_is_refused(constant: str) -> None:
    assert invalid(without(seq=0).replace("7", constant)).extra["fields"] == ["frame"]


@pytest.mark.parametrize("ref", ["0", "-1", "1.0", "1e3", "true", "null", '"1"', "[1]", "9007199254740992", "1e999", "9" * 5000])
def test_a_ref_is_a_whole_number_that_javascript_can_hold(ref: str) -> None:
    refusal = invalid(f'{{"type":"ping","ref":{ref}}}')
    assert refusal.ref is None
    assert refusal.extra["fields"] in (["ref"], ["frame"])
    assert parsing.parse('{"type":"ping","ref":9007199254740991}').ref == 2**53 - 1


def test_a_valid_ref_is_said_back_with_what_is_wrong() -> None:
    refusal = invalid(without("body", images="x", more=1))
    assert refusal.ref == 7 and refusal.extra["fields"] == ["body", "images", "more"]
    assert invalid(json.dumps({"type": "nothing", "ref": 3})).ref == 3
    assert invalid(json.dumps({"ref": 3})).extra["fields"] == ["type"]
    assert invalid(json.dumps({"type": ["ping"], "ref": 3})).extra["fields"] == ["type"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"body": 1}, "body"),
        ({"body": ["x"]}, "body"),
        ({"id": ID.upper()}, "id"),
        ({"id": "x"}, "id"),
        ({"id": ID + "\n"}, "id"),
        ({"id": ID.replace("-", "")}, "id"),
        ({"room": 1}, "room"),
        ({"images": ["x"] * 21}, "images"),
        ({"images": [1]}, "images"),
        ({"mentions": [{"person": "P", "start": -1, "length": 1}]}, "mentions"),
        ({"mentions": [{"person": "P", "start": 0, "length": 0}]}, "mentions"),
        ({"mentions": [{"person": "P", "start": 0}]}, "mentions"),
        ({"mentions": [{"person": "P", "start": 0, "length": 1, "x": 1}]}, "mentions"),
        ({"mentions": [{"person": "P", "start": True, "length": 1}]}, "mentions"),
        ({"reply_to": 5}, "reply_to"),
        ({"form": "question"}, "form"),
        ({"acting": "moderator"}, "acting"),
    ],
)
def test_a_post_of_wrong_types_or_values_is_refused(change: dict[str, Any], field: str) -> None:
    assert invalid(without(**change)).extra["fields"] == [field]


@pytest.mark.parametrize("reaction", ["like", "AGREE", "", None, 1])
def test_a_reaction_is_one_of_four_words(reaction: Any) -> None:
    assert invalid(json.dumps({"type": "reaction.add", "ref": 1, "room": "R", "message": "M", "reaction": reaction})).extra["fields"] == ["reaction"]


def test_nesting_over_sixteen_is_refused_with_its_ref() -> None:
    deep = lambda n: '{"type":"ping","ref":5,"x":' + "[" * n + "]" * n + "}"  # noqa: E731
    assert invalid(deep(15)).extra["fields"] == ["x"], "sixteen is only an unknown field"
    refusal = invalid(deep(16))
    assert refusal.extra["fields"] == ["frame"] and refusal.ref == 5
    assert parsing.parse(json.dumps({**POST, "body": "[[[[[[[[[[[[[[[[[[[[{{{{"})).ref == 7, "brackets in words are words"


@pytest.mark.parametrize("half", ["\\ud800", "\\udc00", "\\ud800x", "\\udc00\\ud800"])
def test_a_lone_surrogate_is_refused_wherever_it_stands(half: str) -> None:
    assert invalid(f'{{"type":"message.post","ref":7,"room":"R","id":"{ID}","body":"{half}"}}').extra["fields"] == ["body"]
    refusal = invalid(f'{{"type":"ping","ref":7,"{half}":1}}')
    assert refusal.ref == 7
    json.dumps(refusal.as_dict()).encode()  # what is said back can be sent
    [field] = refusal.extra["fields"]
    field.encode()


def test_a_whole_pair_of_surrogates_is_a_character() -> None:
    command = parsing.parse(f'{{"type":"message.post","ref":7,"room":"R","id":"{ID}","body":"\\ud83e\\ude7a \\u00e9 \\u0000"}}')
    assert isinstance(command, MessagePost) and command.body == "🩺 é \x00"


def test_what_is_said_back_of_foreign_names_is_bounded() -> None:
    refusal = invalid(json.dumps({"type": "ping", "ref": 1, **{"x" * 500 + str(n): 1 for n in range(100)}}))
    assert len(refusal.extra["fields"]) == 20 and max(map(len, refusal.extra["fields"])) == 60


def test_the_body_of_a_twin_holds_all_but_what_stands_in_its_address() -> None:
    body = {"id": ID, "body": "bonjour"}
    command = parsing.twin(json.dumps(body), type="message.post", room="R")
    assert isinstance(command, MessagePost) and (command.room, command.body) == ("R", "bonjour")
    for extra in ({"ref": 1}, {"type": "message.post"}, {"room": "R"}):
        with pytest.raises(parsing.Invalid) as refused:
            parsing.twin(json.dumps({**body, **extra}), type="message.post", room="R")
        assert refused.value.extra["fields"] == list(extra)
    with pytest.raises(parsing.Invalid):
        parsing.twin("[]", type="message.post", room="R")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(value=JSON, type=st.sampled_from(sorted(WHOLE)))
def test_whatever_comes_is_a_command_or_frame_invalid(value: Any, type: str) -> None:
    texts = [json.dumps(value), json.dumps({"type": type, "ref": 1, "room": value}), json.dumps({"type": type, "ref": value, **WHOLE[type]})]
    for text in texts:
        try:
            assert isinstance(parsing.parse(text), Command)
        except parsing.Invalid as refusal:
            json.dumps(refusal.as_dict()).encode()


@given(text=st.text())
def test_whatever_text_comes_is_refused_as_invalid_or_read(text: str) -> None:
    try:
        parsing.parse(text)
    except parsing.Invalid as refusal:
        assert refusal.status == 400


@given(body=st.text(max_size=200), id=st.uuids())
def test_words_come_through_unchanged(body: str, id: uuid.UUID) -> None:
    for ascii_only in (True, False):
        command = parsing.parse(json.dumps({**POST, "id": str(id), "body": body}, ensure_ascii=ascii_only))
        assert isinstance(command, MessagePost) and command.body == body
