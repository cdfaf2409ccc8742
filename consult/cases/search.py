"""Search across cases: by words of title, question and template, specialty, status, pictures and time, among those a person may read.

Most pages are found within the newest cases, read in the order of time. Where these hold too few, and there are more, one index says which cases
have the words, the specialty and the readers. Each looks at a bounded number of cases a request; where that ends a page, `next` goes on from there.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from consult.cases import audience
from consult.cases.models import Status
from consult.cursors import unseal
from consult.errors import Refusal
from consult.rooms import access, finding, lists
from consult.rooms.models import Kind

LONGEST = 200  # characters of a query
WALKED, OF_ONE = 5_000, 2_000  # cases of a request that are read in the order of time; of one specialty, of which one reads many or none
LOOKED_AT = 1_000  # cases of a request whose rights are asked
AT_ONCE = 60  # of them together: the first few mostly fill a page
CODE = 8

_WORDS = f"c.words @@ {finding.QUERY}"
# Who is expected to read: it chooses candidates by an index and decides nothing, rights are asked for what was found.
_MINE = "(c.readers && %(readers)s::uuid[] OR c.room_id = ANY(%(joined)s::uuid[]))"
_NEWEST = "ORDER BY c.opened_at DESC, c.room_id DESC LIMIT"
_COLUMNS = "c.room_id, c.opened_at, c.readers, c.words, c.pictures"
_BY_TIME = f"SELECT c.room_id, c.opened_at FROM (SELECT {_COLUMNS} FROM cases_case c WHERE true{{walked}} {_NEWEST} {{most}}) c WHERE {_MINE}{{rest}} {_NEWEST} {LOOKED_AT}"
_MORE = "SELECT count(*) > {most} FROM (SELECT FROM cases_case c WHERE true{walked} LIMIT {most} + 1) c"
# OFFSET 0 keeps the planner from the order of time, which it would choose for the last of these cases.
_BY_INDEX = f"""
SELECT c.room_id, c.opened_at FROM (
    (SELECT c.room_id, c.opened_at FROM cases_case c WHERE c.readers && %(readers)s::uuid[]{{filters}} OFFSET 0)
    UNION ALL SELECT c.room_id, c.opened_at FROM cases_case c WHERE c.room_id = ANY(%(joined)s::uuid[]) AND NOT c.readers && %(readers)s::uuid[]{{filters}}
) c {_NEWEST} {LOOKED_AT}"""
_READABLE = f"""
SELECT c.room_id FROM cases_case c JOIN rooms_message q ON q.id = c.question_id AND q.withheld IS NULL JOIN rooms_room r ON r.id = c.room_id
JOIN clinicians_person p ON p.id = %s JOIN standing_standing s ON s.person_id = p.id LEFT JOIN rooms_membership m ON m.room_id = r.id AND m.person_id = p.id
WHERE c.room_id = ANY(%s) AND {access.READABLE}"""
_PLACES = """
SELECT m.room_id, r.kind FROM rooms_membership m JOIN rooms_room r ON r.id = m.room_id WHERE m.person_id = %(person)s AND m.ended IS NULL
UNION SELECT room_id, 'case' FROM rooms_visit WHERE person_id = %(person)s AND ended IS NULL"""

Found = tuple[uuid.UUID, datetime]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for; empty is not asked."""

    q: str = ""
    specialty: str = ""
    status: str = ""
    picture: bool | None = None
    since: datetime | None = None
    until: datetime | None = None

    def walked(self) -> str:
        """The conditions on a case `c` that an index in the order of time answers; their values are in `params`."""
        parts = [
            (self.specialty, "c.specialty = %(specialty)s"),
            (self.status, "c.status = %(status)s"),
            (self.since, "c.opened_at >= %(since)s"),
            (self.until, "c.opened_at < %(until)s"),
        ]
        return "".join(f" AND {condition}" for asked, condition in parts if asked)

    def rest(self) -> str:
        """The others."""
        parts = [(self.q, _WORDS), (self.picture is not None, "(c.pictures > 0) = %(picture)s")]
        return "".join(f" AND {condition}" for asked, condition in parts if asked)

    def params(self) -> dict[str, Any]:
        return {"q": self.q, "specialty": self.specialty, "status": self.status, "picture": self.picture, "since": self.since, "until": self.until}


def check(asked: Asked) -> None:
    """Raises Refusal frame.invalid naming the fields, search.query where nothing is asked."""
    wrong = [name for name, bad in (
        ("q", len(asked.q) > LONGEST or "\x00" in asked.q),
        ("specialty", len(asked.specialty) > CODE or not asked.specialty.isprintable()),
        ("status", asked.status and asked.status not in Status.values),
        *((name, at is not None and at.tzinfo is None) for name, at in (("since", asked.since), ("until", asked.until))),
    ) if bad]  # fmt: skip
    if wrong:
        raise Refusal("frame.invalid", fields=wrong)


def cases(*, person: uuid.UUID, asked: Asked, cursor: str | None, limit: int, locale: str = "fr") -> tuple[list[dict[str, Any]], list[Any] | None]:
    """(RoomItems of the cases found, the newest first; the position from which to go on, or None).

    A page may hold fewer than `limit` and still have a next. Raises Refusal frame.invalid, search.query, cursor.invalid.
    """
    check(asked)
    limit = max(1, min(limit, 50))
    at, id = unseal("cases", cursor) or [None, None]
    with connection.cursor() as db:
        params = {**asked.params(), "at": at, "id": id, **_places(db, person)}
        page, last = _page(db, person, _by_time(db, asked, params), limit + 1)
        if len(page) <= limit and _more(db, asked, params):
            page, last = _page(db, person, _by_index(db, asked, params), limit + 1)
        if asked.q and not page and not last:
            db.execute("SELECT numnode(websearch_to_tsquery('consult_french', %s))", (asked.q,))
            if not db.fetchone()[0]:  # only words such as "le" and "de"
                raise Refusal("search.query")
    end = page[limit - 1] if len(page) > limit else last
    return lists.items(person, [room for room, _ in page[:limit]], locale), [end[1].isoformat(), str(end[0])] if end else None


def _places(db: Any, person: uuid.UUID) -> dict[str, list[uuid.UUID]]:
    """What lets this person read a case: as one of its readers, or as a member of its room."""
    db.execute(_PLACES, {"person": person})
    rooms = db.fetchall()
    return {"readers": [*(room for room, kind in rooms if kind == Kind.GROUP), person, audience.EVERYONE], "joined": [room for room, kind in rooms if kind == Kind.CASE]}


def _by_time(db: Any, asked: Asked, params: dict[str, Any]) -> list[Found]:
    db.execute(_BY_TIME.format(walked=asked.walked() + _after(params), rest=asked.rest(), most=_most(asked)), params)
    return list(db.fetchall())


def _most(asked: Asked) -> int:
    return OF_ONE if asked.specialty else WALKED


def _more(db: Any, asked: Asked, params: dict[str, Any]) -> bool:
    """Whether there are cases that `_by_time` did not come to."""
    db.execute(_MORE.format(walked=asked.walked() + _after(params), most=_most(asked)), params)
    return bool(db.fetchone()[0])


def _by_index(db: Any, asked: Asked, params: dict[str, Any]) -> list[Found]:
    db.execute(_BY_INDEX.format(filters=asked.walked() + asked.rest() + _after(params)), params)
    return list(db.fetchall())


def _after(params: dict[str, Any]) -> str:
    return " AND (c.opened_at, c.room_id) < (%(at)s::timestamptz, %(id)s::uuid)" if params["at"] else ""


def _page(db: Any, person: uuid.UUID, found: list[Found], most: int) -> tuple[list[Found], Found | None]:
    """Those of them that may be read, up to `most`; and where it goes on, should there be more than were looked at."""
    page: list[Found] = []
    for first in range(0, len(found), AT_ONCE):
        some = found[first : first + AT_ONCE]
        db.execute(_READABLE, (person, [room for room, _ in some]))
        readable = {room for (room,) in db.fetchall()}
        page += [case for case in some if case[0] in readable]
        if len(page) >= most:
            return page[:most], None
    return page, found[-1] if len(found) == LOOKED_AT else None
