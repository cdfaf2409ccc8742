"""The protocol's documents are fresh, whole, and say what the code does."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from django.conf import settings
from django.core.management import call_command

from consult.errors import CODES
from consult.rooms import commands, events, frames, parsing, protocol_docs, wire
from consult.rooms.closes import CLOSES
from tests.rooms.test_events import SOURCES, row

FILES = protocol_docs.files()
DOC = FILES["docs/protocol.md"]


@pytest.mark.parametrize("name", FILES)
def test_the_files_are_fresh(name: str) -> None:
    assert (settings.BASE_DIR / name).read_text() == FILES[name], "stale: run manage.py protocol and commit what it writes"


def test_check_says_what_is_stale(settings: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings.BASE_DIR = tmp_path
    (tmp_path / "frontend/src").mkdir(parents=True)
    with pytest.raises(SystemExit) as exit:
        call_command("protocol", "--check")
    assert exit.value.code == 1 and not (tmp_path / "docs").exists()
    call_command("protocol")
    call_command("protocol", "--check")
    assert {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()} == set(FILES)
    assert "stale: docs/protocol.md" in capsys.readouterr().out


def test_the_same_whatever_is_configured(settings: Any) -> None:
    settings.LIMITS = {**settings.LIMITS, "body_chars": 5}
    assert protocol_docs.files() == FILES


def test_every_code_that_is_raised_exists_and_every_code_is_documented() -> None:
    raised = {code for path in SOURCES for code in re.findall(r"\b(?:Refusal|Unwelcome)\(\s*\"([a-z_.]+)\"", path.read_text())}
    assert {"room.not_found", "session.none"} <= raised <= CODES.keys()
    for code, meaning in CODES.items():
        assert f"| `{code}` | {meaning.status} |" in DOC
        assert meaning.why and meaning.fr and meaning.en


def test_everything_is_named_in_the_document() -> None:
    for name in (*commands.COMMANDS, *events.EVENTS, *frames.SIGNALS, *frames.FRAMES):
        assert f"| `{name}`" in DOC, name
    for code in CLOSES:
        assert f"| {code} |" in DOC
    assert "{{" not in DOC


@pytest.mark.parametrize("model", [*commands.COMMANDS.values(), *events.EVENTS.values(), *frames.FRAMES.values()])
def test_every_type_says_what_it_is(model: type) -> None:
    assert (model.__doc__ or "").strip()


SCHEMA = protocol_docs.schema()
COMMAND = jsonschema_rs.validator_for({**SCHEMA, "anyOf": [{"$ref": "#/$defs/Command"}]})
MESSAGE = jsonschema_rs.validator_for({**SCHEMA, "anyOf": [{"$ref": "#/$defs/ServerMessage"}]})
EVENT: dict[str, Any] = protocol_docs.json.loads(wire.event(row("message.posted")).text)
POST = {"type": "message.post", "ref": 1, "room": "R", "id": str(uuid.uuid4()), "body": "x"}


@pytest.mark.parametrize(
    "good",
    [
        {"type": "hello", "ref": 1, "protocols": [1], "client": "x", "resume": [{"room": "R", "after": {"epoch": "E", "seq": 0}}]},
        POST,
        {**POST, "reply_to": None, "mentions": [{"person": "P", "start": 0, "length": 1}]},
        {"type": "room.enter", "ref": 2, "room": "R", "after": None},
        {"type": "ping", "ref": 2**53 - 1},
    ],
)
def test_the_schema_accepts_good_commands(good: Any) -> None:
    COMMAND.validate(good)
    parsing.check(good)


@pytest.mark.parametrize("bad", [
    {**POST, "id": "A" * 36}, {**POST, "more": 1}, {**POST, "ref": 0}, {**POST, "body": 3}, {"type": "ping"}, {"type": "sing", "ref": 1},
    {"type": "room.enter", "ref": 2, "room": "R"}, {"type": "reaction.add", "ref": 1, "room": "R", "message": "M", "reaction": "love"}, [], "ping",
])  # fmt: skip
def test_the_schema_refuses_bad_commands(bad: Any) -> None:
    assert not COMMAND.is_valid(bad)
    with pytest.raises(parsing.Invalid):
        parsing.check(bad)


def test_the_schema_of_what_the_server_says() -> None:
    for kind in events.EVENTS:
        MESSAGE.validate(protocol_docs.json.loads(wire.event(row(kind)).text))
    MESSAGE.validate([EVENT, {"type": "heads", "rooms": {"R": 3}}, {**EVENT, "new": 1}])  # clients ignore what they do not know
    for bad in ([], [EVENT] * (wire.MOST + 1), {**EVENT, "seq": 0}, {**EVENT, "data": {}}, {"type": "left", "room": "R", "code": "why"}, {"type": "event"}):
        assert not MESSAGE.is_valid(bad), bad


def test_the_asyncapi_file_is_yaml_and_points_at_what_exists() -> None:
    document = yaml.safe_load(FILES["docs/asyncapi.yaml"])
    assert document == protocol_docs.asyncapi()
    assert document["operations"].keys() >= commands.COMMANDS.keys()
    pointers = re.findall(r'"\$ref": "([^"]+)"', FILES["docs/asyncapi.yaml"])
    assert pointers
    for pointer in pointers:
        where, path = pointer.split("#/")
        node = SCHEMA if where else document
        for part in path.split("/"):
            node = node[part]
