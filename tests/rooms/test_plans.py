"""What the questions on the path of a post read: what they were asked about, however large the room and whatever the planner thought of the tables."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.db import connection

from consult import pipeline
from consult.clinicians.models import Person
from consult.database import BY_KEY, Statement
from consult.rooms import access
from consult.rooms.actions import facts
from consult.rooms.actions.posts import Post
from consult.rooms.models import Audience, ClientId, Membership, Message, Room
from consult.standing.models import Standing, Verification

pytestmark = pytest.mark.django_db(transaction=True)
MEMBERS, AUTHORS = 600, 20


@pytest.fixture
def lane() -> Iterator[Any]:
    """A cursor that plans as a lane's connection does."""
    with connection.cursor() as cursor:
        for name, value in BY_KEY.items():
            cursor.execute(f"SET {name} = {value}")
        yield cursor
        for name in BY_KEY:
            cursor.execute(f"RESET {name}")
        cursor.execute("SELECT FROM pg_prepared_statements WHERE name = 'asked'")
        if cursor.fetchone() is not None:  # and no other: what the code keeps prepared on this connection is used by the tests that follow
            cursor.execute("DEALLOCATE asked")


def prepare(cursor: Any, statement: Statement) -> None:
    query, _ = pipeline._numbered(statement[0])
    cursor.execute("PREPARE asked AS " + query.decode().replace("%", "%%"))


def rows_read(cursor: Any, statement: Statement) -> dict[str, int]:
    """How many rows of each table the prepared statement looks at, kept or thrown away."""
    arrays = ", ".join("ARRAY[" + ", ".join(f"'{value}'" for value in column) + "]::uuid[]" for column in statement[1])
    cursor.execute(f"EXPLAIN (ANALYZE, TIMING off, FORMAT JSON) EXECUTE asked({arrays})")
    (told,) = cursor.fetchone()
    found: dict[str, int] = {}

    def walk(node: dict[str, Any]) -> None:
        if "Relation Name" in node:
            kept = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
            found[node["Relation Name"]] = found.get(node["Relation Name"], 0) + round(kept * node["Actual Loops"])
        for child in node.get("Plans", ()):
            walk(child)

    walk((told if isinstance(told, list) else json.loads(told))[0]["Plan"])
    return found


def crowd(n: int) -> list[Person]:
    made = Person.objects.bulk_create([Person(email=f"crowd{k}@example.org", given_name=f"Nº {k}") for k in range(n)])
    Standing.objects.bulk_create([Standing(person_id=p.pk, verification=Verification.VERIFIED, register="test") for p in made], ignore_conflicts=True)
    return made


def a_large_group_among_small_ones(everyone: Sequence[Person]) -> Room:
    """The average room has hardly more than one member: what the planner goes by."""
    large = Room.objects.create(kind="group")
    small = Room.objects.bulk_create([Room(kind="group") for _ in range(5 * MEMBERS)])
    Membership.objects.bulk_create([Membership(room=large, person=p) for p in everyone] + [Membership(room=r, person=everyone[k % MEMBERS]) for k, r in enumerate(small)])
    return large


def test_rights_in_a_large_group_read_the_memberships_of_who_asks(lane: Any) -> None:
    everyone = crowd(MEMBERS)
    large = a_large_group_among_small_ones(everyone)
    lane.execute("ANALYZE")
    statement = access.asking([(large.pk, p.pk) for p in everyone[-AUTHORS:]])
    prepare(lane, statement)
    read = rows_read(lane, statement)
    assert read["rooms_membership"] == AUTHORS, read


def test_so_do_rights_in_a_case_that_is_addressed_to_it(lane: Any) -> None:
    everyone = crowd(MEMBERS)
    large = a_large_group_among_small_ones(everyone)
    case = Room.objects.create(kind="case")
    Audience.objects.create(room=case, group=large)
    lane.execute("ANALYZE")
    statement = access.asking([(case.pk, p.pk) for p in everyone[-AUTHORS:]])
    prepare(lane, statement)
    read = rows_read(lane, statement)
    assert read["rooms_membership"] == AUTHORS and read["rooms_audience"] == AUTHORS, read


def test_a_plan_of_empty_tables_still_finds_client_ids_by_key(lane: Any) -> None:
    """It is kept until they are analysed again, a minute and thousands of posts later."""
    room, author = uuid.uuid4(), uuid.uuid4()
    for model in (ClientId, Message):
        lane.execute(f"VACUUM ANALYZE {model._meta.db_table}")
    prepare(lane, facts.asking([Post(room, author, uuid.uuid4(), "")])[0])
    rows = [ClientId(room_id=room, sender_id=author, client_id=uuid.uuid4(), seq=k, message_id=uuid.uuid4()) for k in range(MEMBERS)]
    before = facts.asking([Post(room, author, rows[k].client_id, "") for k in range(AUTHORS)])[0]
    rows_read(lane, before)  # the plan is made now
    ClientId.objects.bulk_create(rows)
    read = rows_read(lane, before)
    assert read["rooms_clientid"] == AUTHORS and read.get("rooms_message", 0) == 0, read


def test_no_index_repeats_the_beginning_of_another(lane: Any) -> None:
    """Each costs a write an insert, and invites plans that read all rows of a room to find one. What Django itself brings is not ours to change."""
    lane.execute("""
        SELECT a.indexrelid::regclass::text, b.indexrelid::regclass::text FROM pg_index a JOIN pg_index b ON a.indrelid = b.indrelid AND a.indexrelid <> b.indexrelid
        JOIN pg_class t ON t.oid = a.indrelid JOIN pg_class i ON i.oid = a.indexrelid JOIN pg_class j ON j.oid = b.indexrelid
        WHERE t.relname ~ '^(audit|cases|clinicians|images|jobs|moderation|paging|push|rooms|standing)_' AND t.relname !~ '^clinicians_person_(groups|user)'
          AND i.relam = j.relam AND a.indpred IS NULL AND b.indpred IS NULL AND a.indexprs IS NULL AND NOT a.indisunique
          AND a.indnkeyatts <= b.indnkeyatts AND (a.indkey::int2[])[0:a.indnkeyatts - 1] = (b.indkey::int2[])[0:a.indnkeyatts - 1]
          AND (a.indclass::oid[])[0:a.indnkeyatts - 1] = (b.indclass::oid[])[0:a.indnkeyatts - 1] AND (a.indnkeyatts < b.indnkeyatts OR a.indexrelid > b.indexrelid OR b.indisunique)
        ORDER BY 1""")
    assert lane.fetchall() == []
