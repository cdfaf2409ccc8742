"""The case as its page shows it: question, marks, votes, diagnoses, references, consensus, outcome, figures. Read in one snapshot.

Events of the case's log say that something moved, with ids alone; what it now is is read here, and `as_of` says up to which event. The same few
queries answer however many people voted. Words that are withheld are null for every reader, here as everywhere.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from consult.cases import consensus, template
from consult.clinicians import cards
from consult.errors import Refusal
from consult.rooms import access, log, wire

VOTERS = 50  # named in a list; the count beside it is of all
ANSWERS = 200  # of which something is to be said: the newest
EXCERPT = 240

Row = dict[str, Any]
Names = Mapping[uuid.UUID, dict[str, Any]]

_CASE = f"""
SELECT c.room_id, r.title, r.epoch, r.last_seq, c.asker_id, c.question_id, q.body, q.withheld, c.specialty, c.urgency, c.status, c.status_at, c.status_by_id,
       c.answers, c.opened_at, c.first_answer_at, c.accepted_id, c.accepted_at, c.consensus_at, c.consensus_answer_id, c.consensus_differential_id,
       a.seq AS accepted_answer_seq, a.author_id AS accepted_author, a.withheld AS accepted_withheld, a.doubt AS accepted_doubt, left(a.body, {EXCERPT}) AS accepted_excerpt,
       a.withheld IN ('retracted', 'withdrawn', 'erased') OR coalesce(a.edited_seq, a.seq) <> c.accepted_version AS accepted_void,
       t.case_id IS NOT NULL AS templated, t.age_band, t.sex, t.history, t.done, t.feared, n.told, n.recorded, n.at AS consent_at, n.withdrawn_at,
       EXISTS (SELECT FROM rooms_membership m WHERE m.room_id = c.room_id AND m.person_id = %(person)s AND m.ended IS NULL) AS following,
       (SELECT count(DISTINCT x.author_id) FROM rooms_message x WHERE x.room_id = c.room_id AND x.form = 'answer' AND x.withheld IS NULL) AS answered_by
FROM cases_case c JOIN rooms_room r ON r.id = c.room_id JOIN rooms_message q ON q.id = c.question_id LEFT JOIN rooms_message a ON a.id = c.accepted_id
LEFT JOIN cases_template t ON t.case_id = c.room_id LEFT JOIN cases_consent n ON n.case_id = c.room_id
WHERE c.room_id = %(room)s"""
# A vote for other words than today's stands under `former`: its voter has not seen these.
_VOTES = f"""
SELECT message_id, vote, person_id, at, n FROM (
    SELECT v.message_id, w.vote, v.person_id, v.at, count(*) OVER side AS n, row_number() OVER (side ORDER BY v.at, v.person_id) AS place
    FROM cases_answervote v JOIN rooms_message m ON m.id = v.message_id
    CROSS JOIN LATERAL (SELECT CASE WHEN v.live AND v.version = coalesce(m.edited_seq, m.seq) THEN v.vote ELSE 'former' END AS vote) w
    WHERE v.case_id = %(room)s AND v.message_id = ANY(%(messages)s) WINDOW side AS (PARTITION BY v.message_id, w.vote)
) x WHERE place <= {VOTERS} OR person_id = %(person)s ORDER BY message_id, at, person_id"""
_ANSWERS = f"""
SELECT m.id, m.seq, coalesce(m.edited_seq, m.seq) AS version, m.author_id, m.doubt, m.withheld, d.former, d.accepted AS amended_accepted, d.at AS amended_at,
       (SELECT f.body FROM rooms_messageversion f WHERE f.message_id = m.id AND f.seq = d.former) AS former_body
FROM rooms_message m LEFT JOIN cases_amendment d ON d.message_id = m.id
WHERE m.room_id = %(room)s AND m.id IN (
    SELECT message_id FROM cases_answervote WHERE case_id = %(room)s UNION SELECT message_id FROM cases_reference WHERE case_id = %(room)s AND withheld IS NULL
    UNION SELECT message_id FROM cases_amendment WHERE case_id = %(room)s UNION SELECT accepted_id FROM cases_case WHERE room_id = %(room)s)
ORDER BY m.seq DESC LIMIT {ANSWERS}"""
_REFERENCES = "SELECT id, message_id, kind, link, person_id, at FROM cases_reference WHERE case_id = %(room)s AND withheld IS NULL ORDER BY seq"
_DIFFERENTIALS = f"""
SELECT d.id, d.label, d.person_id, d.at, d.withheld, b.people, b.n,
       EXISTS (SELECT FROM cases_backing x WHERE x.differential_id = d.id AND x.person_id = %(person)s) AS mine
FROM cases_differential d CROSS JOIN LATERAL (
    SELECT count(*) AS n, (array_agg(x.person_id ORDER BY x.at, x.person_id))[1:{VOTERS}] AS people FROM cases_backing x WHERE x.differential_id = d.id) b
WHERE d.case_id = %(room)s AND d.withheld IS DISTINCT FROM 'retracted' ORDER BY d.seq"""
_AUDIENCE = """
SELECT a.group_id, g.title, g.code, a.person_id FROM rooms_audience a LEFT JOIN rooms_room g ON g.id = a.group_id WHERE a.room_id = %(room)s ORDER BY g.title"""
_PROPOSALS = "SELECT message_id, differential_id, at FROM cases_proposal WHERE case_id = %(room)s ORDER BY id DESC LIMIT 20"
_OUTCOMES = """
SELECT o.message_id, o.verdict, o.at, m.seq, m.withheld FROM cases_outcome o JOIN rooms_message m ON m.id = o.message_id
WHERE o.case_id = %(room)s ORDER BY o.at DESC LIMIT 10"""


def rows(query: str, params: Mapping[str, Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def read(*, person: uuid.UUID, room: uuid.UUID, locale: str = "fr") -> dict[str, Any]:
    """The case with everything that is said of it. Raises Refusal room.*, case.not_found."""
    access.may_write(access.may_read(person=person, room=room))
    with log.snapshot():
        params: dict[str, Any] = {"room": room, "person": person}
        found = rows(_CASE, params)
        if not found:
            raise Refusal("case.not_found")
        case = found[0]
        answers = rows(_ANSWERS, params)
        votes = rows(_VOTES, {**params, "messages": [a["id"] for a in answers]}) if answers else []
        references = rows(_REFERENCES, params) if answers else []
        differentials, proposals, outcomes, audience = (rows(q, params) for q in (_DIFFERENTIALS, _PROPOSALS, _OUTCOMES, _AUDIENCE))
        people = {case["asker_id"], case["status_by_id"], case["accepted_author"], *(r["person_id"] for r in (*votes, *references, *differentials))}
        people |= {a["author_id"] for a in answers} | {p for d in differentials for p in d["people"] or ()}
        names = cards.cards(people - {None}, locale)
    return {
        **_head(case, names),
        "audience": _readers(audience),
        "figures": _figures(case),
        "accepted": _accepted(case, names),
        "answers": [_answer(a, person, votes, references, names) for a in reversed(answers)],
        "differentials": [_differential(d, names) for d in differentials],
        "consensus": {
            "rule": consensus.rule(),
            "proposed": [{"message": _id(p["message_id"]), "differential": _id(p["differential_id"]), "at": wire.time(p["at"])} for p in proposals],
            "declared": _declared(case),
        },
        "outcomes": [{"message": str(o["message_id"]), "seq": o["seq"], "verdict": o["verdict"], "at": wire.time(o["at"]), "withheld": o["withheld"]} for o in outcomes],
        "following": case["following"],
        "withheld": case["withheld"],
    }


def _id(id: uuid.UUID | None) -> str | None:
    return str(id) if id else None


def _time(at: datetime | None) -> str | None:
    return wire.time(at) if at else None


def _head(case: Row, names: Names) -> dict[str, Any]:
    return {
        "room": str(case["room_id"]),
        "as_of": {"epoch": case["epoch"], "seq": case["last_seq"]},
        "title": "" if case["withheld"] else case["title"],
        "question": {"message": str(case["question_id"]), "body": None if case["withheld"] else case["body"]},
        "template": None if case["withheld"] or not case["templated"] else template.shown(case),
        "consent": _consent(case),
        "asker": names.get(case["asker_id"]),
        "specialty": case["specialty"] or None,
        "urgency": case["urgency"],
        "status": case["status"],
        "status_at": _time(case["status_at"] or case["opened_at"]),
        "status_by": names.get(case["status_by_id"]),
        "opened_at": wire.time(case["opened_at"]),
    }


def _consent(case: Row) -> dict[str, Any] | None:
    """As the asker stated it; null where nothing was."""
    if case["consent_at"] is None:
        return None
    return {"told": case["told"], "recorded": case["recorded"], "at": wire.time(case["consent_at"]), "withdrawn_at": _time(case["withdrawn_at"])}


def _readers(audience: list[Row]) -> dict[str, Any]:
    """Whom the case is for; who was chosen by name is counted."""
    return {
        "groups": [{"id": str(a["group_id"]), "title": a["title"], "code": a["code"] or None} for a in audience if a["group_id"]],
        "people": sum(a["person_id"] is not None for a in audience),
        "everyone": any(a["group_id"] is None and a["person_id"] is None for a in audience),
    }


def _seconds(since: datetime, at: datetime | None) -> int | None:
    return None if at is None else max(0, int((at - since).total_seconds()))


def _figures(case: Row) -> dict[str, Any]:
    return {
        "answers": case["answers"],
        "answered_by": case["answered_by"],
        "first_answer_at": _time(case["first_answer_at"]),
        "first_answer_s": _seconds(case["opened_at"], case["first_answer_at"]),
        "consensus_at": _time(case["consensus_at"]),
        "consensus_s": _seconds(case["opened_at"], case["consensus_at"]),
    }


def _accepted(case: Row, names: Names) -> dict[str, Any] | None:
    """The marked answer, as long as it says what was marked."""
    if case["accepted_id"] is None or case["accepted_void"]:
        return None
    return {
        "message": str(case["accepted_id"]),
        "seq": case["accepted_answer_seq"],
        "at": _time(case["accepted_at"]),
        "actor": names.get(case["accepted_author"]),
        "excerpt": None if case["accepted_withheld"] else case["accepted_excerpt"],
        "withheld": case["accepted_withheld"],
        "doubt": case["accepted_doubt"],
    }


def _answer(answer: Row, person: uuid.UUID, votes: list[Row], references: list[Row], names: Names) -> dict[str, Any]:
    mine = [v for v in votes if v["message_id"] == answer["id"]]
    sides: dict[str, Any] = {"agree": {"count": 0, "people": []}, "disagree": {"count": 0, "people": []}}
    for vote in mine:
        if side := sides.get(vote["vote"]):
            side["count"] = vote["n"]
            side["people"].append(names.get(vote["person_id"]))
    own = next((v["vote"] for v in mine if v["person_id"] == person and v["vote"] != "former"), None)
    amended = None
    if answer["former"] is not None:
        amended = {"at": wire.time(answer["amended_at"]), "accepted": answer["amended_accepted"], "former": None if answer["withheld"] else answer["former_body"]}
    return {
        "message": str(answer["id"]),
        "seq": answer["seq"],
        "version": answer["version"],
        "actor": names.get(answer["author_id"]),
        "withheld": answer["withheld"],
        "doubt": answer["doubt"],
        "votes": {**sides, "former": next((v["n"] for v in mine if v["vote"] == "former"), 0), "mine": own},
        "references": [
            {"reference": str(r["id"]), "kind": r["kind"], "link": r["link"], "by": names.get(r["person_id"]), "at": wire.time(r["at"])}
            for r in references
            if r["message_id"] == answer["id"] and not answer["withheld"]
        ],
        "amended": amended,
    }


def _differential(row: Row, names: Names) -> dict[str, Any]:
    return {
        "differential": str(row["id"]),
        "label": None if row["withheld"] else row["label"],
        "withheld": row["withheld"],
        "by": names.get(row["person_id"]),
        "at": wire.time(row["at"]),
        "backers": {"count": row["n"], "people": [names.get(p) for p in row["people"] or ()]},
        "mine": row["mine"],
    }


def _declared(case: Row) -> dict[str, Any] | None:
    if case["consensus_at"] is None:
        return None
    return {"at": wire.time(case["consensus_at"]), "message": _id(case["consensus_answer_id"]), "differential": _id(case["consensus_differential_id"])}
