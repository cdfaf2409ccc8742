"""The judge: what a server said, held against the protocol. It keeps one example of every kind of finding."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

from consult.errors import CODES

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "protocol.schema.json"
# Codes that say that the server is at fault: nothing here takes PostgreSQL or Redis away, so they are findings.
FAULTS = {"request.failed", "service.unavailable", "service.draining", "outcome.unknown"}
REFUSAL = {"code", "message", "temporary", "retry_after_ms"}


@dataclass
class Judge:
    findings: dict[str, str] = field(default_factory=dict)  # kind: the first example of it
    counts: dict[str, int] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)  # answers by type and code, closes by code: what was reached

    def __post_init__(self) -> None:
        schema = json.loads(SCHEMA.read_text())
        definitions = schema["$defs"]
        # By type and kind: trying all of the protocol's alternatives for every frame would cost more than the server's work.
        self.frames: dict[tuple[str, str | None], Any] = {}
        for name in (choice["$ref"].rpartition("/")[2] for choice in definitions["ServerFrame"]["anyOf"]):
            fields = definitions[name]["properties"]
            key = fields["type"]["const"], fields["kind"]["const"] if "kind" in fields else None
            ok = {"$ref": "#/$defs/Ok"} if key[0] == "ok" else {"$ref": f"#/$defs/{name}"}
            self.frames.setdefault(key, jsonschema_rs.validator_for({**schema, "anyOf": [ok]}))

    def find(self, kind: str, example: Any) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self.findings.setdefault(kind, str(example)[:2000])

    def note(self, what: str) -> None:
        self.seen[what] = self.seen.get(what, 0) + 1

    def frame_said(self, frame: Any, asked: Any = None) -> None:
        """One frame of the server. `asked` is what was being said to it, for the example."""
        known = self.frames.get((frame.get("type"), frame.get("kind"))) if isinstance(frame, dict) else None
        if known is None or not known.is_valid(frame):
            return self.find("a frame that is none of the protocol's", {"said": frame, "asked": asked})
        if frame["type"] == "refused":
            self.refusal(frame, asked)
        elif frame["type"] == "ok":
            self.note("ok")

    def refusal(self, said: dict[str, Any], asked: Any) -> None:
        code = said["code"]
        self.note(code)
        if code not in CODES:
            self.find(f"the code {code}, which is not in the list", asked)
        elif code in FAULTS:
            self.find(f"refused {code}", asked)
        elif said["temporary"] != CODES[code].temporary or (said["retry_after_ms"] > 0 and not said["temporary"]):
            self.find(f"{code} is temporary or not, otherwise than the list says", said)

    def message(self, payload: bytes) -> list[Any]:
        """The frames of one WebSocket message."""
        try:
            said = orjson.loads(payload)
        except ValueError:
            self.find("a message that is not JSON", payload[:300])
            return []
        if isinstance(said, list) and not 0 < len(said) <= 64:
            self.find("a batch of a wrong size", len(said))
        return said if isinstance(said, list) else [said]

    def closed(self, code: int, allowed: set[int], asked: Any) -> None:
        self.note(f"close {code}")
        if code not in allowed:
            self.find(f"closed {code} where {sorted(allowed)} are allowed", asked)

    def http(self, status: int, content: bytes, asked: Any, *, ours: bool = True) -> None:
        """The answer to a request; `ours` means a door of /api/, whose refusals are typed."""
        self.note(f"HTTP {status}")
        if status >= 500:
            return self.find(f"HTTP {status}", {"asked": asked, "said": content[:500]})
        if not ours or status < 400 or (status == 400 and content == b"Invalid HTTP request received."):  # the last: not HTTP, so no door was reached
            return
        try:
            said = orjson.loads(content)
        except ValueError:
            return self.find("a refusal that is not JSON", {"asked": asked, "said": content[:300]})
        if not isinstance(said, dict) or not said.keys() >= REFUSAL:
            return self.find("a refusal without its fields", {"asked": asked, "said": said})
        self.refusal(said, asked)
        if said["code"] in CODES and CODES[said["code"]].status != status:
            self.find(f"{said['code']} with status {status}", asked)

    def report(self) -> list[str]:
        return [f"{kind} ({self.counts[kind]} times), first: {example}" for kind, example in self.findings.items()]
