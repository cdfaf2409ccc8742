"""A body for each write door of the OpenAPI document, as a client would send it: what the HTTP fuzzer starts from."""

from __future__ import annotations

import random
from typing import Any

from bench.fuzz.frames import ODD_TEXT, UUID0, Frames

POINT = "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"  # the generator of P-256
CREDENTIAL = {"id": "AAAA", "rawId": "AAAA", "type": "public-key"}
ARROW = {"kind": "arrow", "start": {"x": 0.1, "y": 0.2}, "end": {"x": 0.5, "y": 1}}


def samples(f: Frames, r: random.Random, room: str, message: str) -> dict[str, dict[str, Any]]:
    """By the door's path, without /api/v1; `room` and `message` exist."""
    return {
        "/tickets": {},
        "/me": {"given_name": "Essai", "place": r.choice(["Lorient", *ODD_TEXT]), "specialty": r.choice(["SM15", "SM54", "??"])},
        "/rooms/{room}/messages": {"id": f.uuid(), "body": "Avis ?", "reply_to": r.choice([None, message])},
        "/rooms/{room}/join": {},
        "/rooms/{room}/leave": {},
        "/rooms/{room}/mute": {"muted": True},
        "/rooms/{room}/members": {"id": f.uuid(), "person": r.choice(f.world.people)},
        "/conversations": {"id": f.uuid(), "people": r.sample(f.world.people, r.choice([1, 2, 3])), "title": r.choice(["", "Avis", *ODD_TEXT])},
        "/cases": {"id": f.uuid(), "title": "Lésion", "question": "Avis ?", "specialty": "SM15", "urgency": r.choice(["hour", "today", "week", "vital", "??"]), "group": r.choice([None, room]), "people": r.choice([None, f.world.people[:1]]), "images": r.choice([None, [UUID0], [*ODD_TEXT]])},
        "/rooms/{room}/notices": {"level": r.choice(["all", "mentions", "none", None, "??"])},
        "/devices": {"id": f.uuid(), "courier": r.choice(["web", "fcm", "??"]), "label": r.choice(["Chrome", *ODD_TEXT]), "address": {"endpoint": r.choice(["https://fcm.googleapis.com/x", "https://[::1", *ODD_TEXT]), "p256dh": POINT, "auth": "A" * 22, "expires_at": r.choice([None, "2030-01-01T00:00:00Z", "2030-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2020-02-30T00:00:00Z", 4102444800, *ODD_TEXT])}},
        "/devices/{device}": {},
        "/devices/{device}/test": {},
        "/wishes": {"off": [r.choice(["reply", "??"])], "quiet_from": r.choice(["22:00", "29:99", None]), "quiet_to": "07:00", "zone": r.choice(["Europe/Paris", "../x", *ODD_TEXT])},
        "/messages/{message}/case": {"id": f.uuid(), "title": "Lésion", "specialty": "SM15", "urgency": "week"},
        "/cases/{room}/status": {"id": f.uuid(), "status": r.choice(["open", "answered", "consensus", "closed"])},
        "/vaults": {"id": f.uuid(), "label": r.choice(["Chrome, Android", *ODD_TEXT])},
        "/vaults/{vault}": {},
        "/passkeys": {"label": r.choice(["Clé", *ODD_TEXT]), "credential": {**CREDENTIAL, "response": {"clientDataJSON": r.choice(["e30", *ODD_TEXT]), "attestationObject": r.choice(["oA", *ODD_TEXT])}}},
        "/passkeys/{passkey}": {},
        "/passkeys/challenge": {},
        "/passkeys/uncover": {"credential": {**CREDENTIAL, "response": {"clientDataJSON": "e30", "authenticatorData": r.choice(["AAAA", *ODD_TEXT]), "signature": r.choice(["AAAA", *ODD_TEXT])}}},
        "/passkeys/uncover/challenge": {},
        "/rooms/{room}/marks": {"id": f.uuid(), "message": message, "image": r.choice([UUID0, *ODD_TEXT]), "drawn": r.choice([ARROW, {"kind": "number", "at": {"x": 0, "y": 2}, "n": 1}])},
        "/rooms/{room}/marks/{mark}": {},
        "/rooms/{room}/moderation": {"type": r.choice(["message.hide", "member.silence", "room.slow", "pin.add", "thread.move", "??"]), "id": f.uuid(), "reason": r.choice(["Motif", *ODD_TEXT]), "message": message},
        "/moderation/people/{person}/suspension": {"id": f.uuid(), "seconds": r.choice([60, None, -1, 2**53]), "reason": r.choice(["Motif", *ODD_TEXT])},
        "/moderation/acts/{act}/undo": {"id": f.uuid(), "reason": r.choice([None, *ODD_TEXT])},
        "/moderation/queue/{item}/claim": {"id": f.uuid()},
        "/moderation/queue/{item}/release": {"id": f.uuid()},
        "/moderation/queue/{item}/decide": {"id": f.uuid(), "decision": r.choice(["dismiss", "uphold", "??"]), "note": r.choice([None, *ODD_TEXT])},
        "/moderation/reporters/{person}/pardon": {"id": f.uuid()},
        "/moderation/readings": {"id": f.uuid(), "report": UUID0, "reason": r.choice(["Motif", *ODD_TEXT])},
        "/moderation/readings/{reading}/agree": {"id": f.uuid()},
        "/moderation/rules": {"id": f.uuid(), "name_fr": "Règle", "name_en": "Rule", "kind": r.choice(["words", "pattern", "??"]), "data": {"pattern": r.choice(["(a+)+$", *ODD_TEXT])}, "action": "hint"},
        "/moderation/rules/{rule}": {"live": True},
        "/moderation/rules/{rule}/try": {},
        "/rules/check": {"body": r.choice(["Avis ?", *ODD_TEXT])},
        "/reports": {"id": f.uuid(), "message": message, "category": r.choice(["disrespect", "identifies_patient", "??"]), "note": r.choice([None, *ODD_TEXT])},
        "/reports/{report}/answer": {"id": f.uuid(), "text": r.choice(["Réponse", *ODD_TEXT])},
        "/appeals": {"id": f.uuid(), "act": UUID0, "text": r.choice(["Je conteste", *ODD_TEXT])},
        "/images": {"id": f.uuid(), "size": r.choice([1, 25_000_000, 2**53, -1])},
        "/images/{image}": {},
        "/images/{image}/masks": {"masks": r.choice([[[0, 0, 0.5, 0.5]], [[0, 0, -1, 2]], []])},
        "/images/{image}/description": {"description": r.choice(["Bord net", "x" * 201, *ODD_TEXT]), "confirmed": r.choice([None, ["name"], ["??"]])},
        "/images/{image}/release": {"reason": r.choice(["Motif", *ODD_TEXT])},
        "/cases/similar": {"title": "Lésion", "question": r.choice(["Avis ?", *ODD_TEXT])},
        "/cases/audience": {"group": room, "everyone": r.choice([True, None])},
        "/cases/{room}/consent": {"id": f.uuid(), "told": r.choice([["advice"], ["??"]]), "recorded": r.choice(["oral", "??"])},
        "/cases/{room}/consent/withdrawal": {"id": f.uuid()},
        "/cases/{room}/acts": {"type": r.choice(["vote.give", "answer.accept", "differential.propose", "outcome.tell", "??"]), "id": f.uuid(), "message": message, "base": 1, "vote": "agree"},
        "/follows/specialties/{code}": {},
        "/follows/people/{person}": {},
        "/collections": {"id": f.uuid(), "name": r.choice(["À relire", *ODD_TEXT])},
        "/collections/{collection}": {},
        "/collections/{collection}/cases/{room}": {},
    }  # fmt: skip
