"""What a client sent as a command, or a refusal that names every field that is wrong."""

from __future__ import annotations

import json
from typing import Any

import orjson
from pydantic import ValidationError

from consult.errors import Refusal
from consult.rooms.commands import COMMANDS
from consult.rooms.commands.fields import MOST, Command

DEEPEST = 16


class Invalid(Refusal):
    """`frame.invalid`, with the frame's `ref` where it had a valid one."""

    def __init__(self, fields: list[str], ref: int | None = None) -> None:
        # What a stranger named a field is said back, so it must be sayable: short, and valid UTF-8.
        super().__init__("frame.invalid", fields=[f[:60].encode("utf-8", "replace").decode() for f in fields[:20]])
        self.ref = ref


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_JSON = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant)  # json.loads would make one a frame


def decode(text: str) -> Any:
    """Strict JSON (RFC 8259): no repeated key, NaN, BOM, lone surrogate, nesting over 16. Raises Invalid."""
    try:
        value = _JSON.decode(text)
    except (ValueError, RecursionError):
        raise Invalid(["frame"]) from None
    ref = ref_of(value)
    if text.count("[") + text.count("{") > DEEPEST and _depth(value) > DEEPEST:
        raise Invalid(["frame"], ref)
    if "\\u" in text or "\\U" in text:
        try:
            orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
        except TypeError:  # a lone surrogate, or an integer beyond 64 bits: neither is a value of any field
            raise Invalid(_unsayable(value), ref) from None
    return value


def _unsayable(value: Any) -> list[str]:
    if not isinstance(value, dict):
        return ["frame"]
    fields = []
    for key, item in value.items():
        try:
            orjson.dumps({key: item})
        except TypeError:
            fields.append(key)
    return fields or ["frame"]


def _depth(value: Any) -> int:
    deepest, todo = 0, [(value, 1)]
    while todo:
        item, depth = todo.pop()
        if isinstance(item, dict | list):
            deepest = max(deepest, depth)
            todo.extend((x, depth + 1) for x in (item.values() if isinstance(item, dict) else item))
    return deepest


def ref_of(frame: Any) -> int | None:
    ref = frame.get("ref") if isinstance(frame, dict) else None
    return ref if isinstance(ref, int) and not isinstance(ref, bool) and 1 <= ref <= MOST else None


def check(frame: Any) -> Command:
    """A decoded frame as its command. Raises Invalid naming every field that is wrong."""
    if not isinstance(frame, dict):
        raise Invalid(["frame"])
    kind, ref = frame.get("type"), ref_of(frame)
    model = COMMANDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise Invalid(["type"], ref)
    try:
        return model.model_validate(frame)
    except ValidationError as error:
        raise Invalid(sorted({str(e["loc"][0]) for e in error.errors(include_url=False, include_context=False, include_input=False)}), ref) from None


def parse(text: str) -> Command:
    return check(decode(text))


def twin(text: str, **fields: Any) -> Command:
    """The body of an HTTP request as the command whose remaining fields (type, room) stand in its address."""
    body = decode(text)
    if not isinstance(body, dict) or body.keys() & {"ref", *fields}:
        raise Invalid(sorted(body.keys() & {"ref", *fields}) if isinstance(body, dict) else ["frame"])
    return check({**body, **fields, "ref": 1})
