"""`python -m bench.seed_history EVENTS`: fills a database with so many events of history, alike in shape whatever their number.

700 rooms share them as rooms do in life (the first has a twentieth of all, the last a few thousandths of that), and a tenth are in
cases of 25 events. Person 0 is in 500 of the rooms and may read the cases of five groups. A log is 17 posts, an edit, a reaction
and, by turns, another reaction, a retraction or a line about the room in every 20 events; rows lie on disk in the order of time, as they would if
they had been written one by one. Rare words occur equally often however large the database is: what they cost must not depend on it.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from . import seed, words

ROOMS = 700
PEOPLE = 200
CASE_EVENTS = 25
TEXTS = 40_000
LARGEST = 1  # of the rooms that person 0 is in
RARE = [f"xanthodermie{n}" for n in "abcdefghij"]  # each in 8 messages of all rooms
RARE_HERE = [f"pachyonychie{n}" for n in "abcdefghij"]  # each in 8 messages of the largest room

_ROOMS = """
CREATE TABLE history_room AS
WITH weights AS (SELECT k, 1.0 / (k + 3) AS w FROM generate_series(0, %(rooms)s - 1) k)
SELECT k, 'room' AS kind, greatest(4, (0.9 * %(events)s * w / sum(w) OVER ())::bigint) AS events, now() - CASE WHEN k < 50 THEN 0 ELSE k * 37 %% 60 END * interval '1 day' AS ends FROM weights
UNION ALL
SELECT %(rooms)s + c, 'case', %(case)s, now() - (1.0 - (c + 1.0) / %(cases)s) * interval '730 days' FROM generate_series(0, %(cases)s - 1) c;
INSERT INTO rooms_room (id, kind, title, code, epoch, last_seq, last_post_no, last_at, listed, slow_mode, moderators_live, created_at)
SELECT ('00000000-0000-4000-8000-' || lpad(k::text, 12, '0'))::uuid, CASE WHEN kind = 'case' THEN 'case' WHEN k %% 7 = 5 THEN 'private' ELSE 'group' END,
       CASE WHEN kind = 'case' THEN (SELECT left(body, 60) FROM history_text WHERE id = k %% %(texts)s) ELSE 'Salle ' || k END, '', 'e' || k, events, (events - 1) / 20 * 17 + least((events - 1) %% 20 + 1, 17), ends, k %% 7 <> 5, 0, 0,
       ends - interval '730 days' FROM history_room;
INSERT INTO rooms_membership (room_id, person_id, role, first_seq, first_post_no, muted, joined_at)
SELECT ('00000000-0000-4000-8000-' || lpad(k::text, 12, '0'))::uuid, ('00000000-0000-4000-9000-' || lpad(p::text, 12, '0'))::uuid, 'member', 0, 0, false, now() - interval '730 days'
FROM history_room CROSS JOIN generate_series(0, %(people)s - 1) p WHERE kind = 'room' AND CASE WHEN p = 0 THEN k %% 7 BETWEEN 1 AND 5 AND k < 694 OR k %% 140 = 14 ELSE (k + p) %% 10 = 0 END;
"""
# Cases are addressed to every seventh room, and person 0 belongs to five of those.
_CASES = """
INSERT INTO rooms_audience (moved_at, room_id, group_id) SELECT ends, ('00000000-0000-4000-8000-' || lpad(k::text, 12, '0'))::uuid, ('00000000-0000-4000-8000-' || lpad((14 + k %% 98 * 7)::text, 12, '0'))::uuid
FROM history_room WHERE kind = 'case';
"""
_EVENTS = """
CREATE TABLE history_event AS
SELECT e.*, ('00000000-0000-4000-8000-' || lpad(k::text, 12, '0'))::uuid AS room, CASE WHEN turn < 17 THEN 'message.posted' WHEN turn = 17 THEN 'message.edited' WHEN turn = 18 OR j / 20 %% 3 = 0 THEN
       'reaction.added' WHEN j / 20 %% 3 = 1 THEN 'message.retracted' ELSE 'room.unlocked' END AS kind,
       ('00000000-0000-4000-9000-' || lpad(((j * 7 + k) %% %(people)s)::text, 12, '0'))::uuid AS person
FROM (SELECT k, j, j + 1 AS seq, (j %% 20)::int AS turn, ends - (events - 1 - j) / events::float8 * CASE WHEN kind = 'case' THEN interval '10 days' ELSE interval '700 days' END AS at
      FROM history_room CROSS JOIN LATERAL generate_series(0, events - 1) j) e ORDER BY at;
INSERT INTO rooms_event (room_id, seq, kind, at, actor_id, message_id)
SELECT room, seq, kind, at, person, CASE WHEN kind <> 'room.unlocked' THEN md5(k || '-' || CASE turn WHEN 17 THEN seq - 3 WHEN 18 THEN seq - 5 WHEN 19 THEN seq - 7 ELSE seq END)::uuid END
FROM history_event;
"""
_MESSAGES = """
INSERT INTO rooms_message (id, room_id, seq, post_no, at, author_id, client_id, form, body, mentions, images, edited_seq, last_event_seq, withheld, search)
SELECT md5(k || '-' || seq)::uuid, room, seq, j / 20 * 17 + turn + 1, at, person, md5('c' || k || '-' || seq)::uuid, 'text', t.body, '[]', '{}',
       CASE WHEN turn = 14 THEN seq + 3 END, CASE WHEN turn = 13 THEN seq + 5 END, CASE WHEN turn = 12 AND j / 20 %% 3 = 1 THEN 'retracted' END,
       CASE WHEN turn = 12 AND j / 20 %% 3 = 1 THEN NULL ELSE t.search END
FROM (SELECT * FROM history_event WHERE turn < 17 ORDER BY at) e JOIN history_text t ON t.id = abs(hashint8(e.k::bigint * 1000003 + e.seq)) %% %(texts)s ORDER BY e.at;
INSERT INTO rooms_clientid (room_id, sender_id, client_id, seq, message_id) SELECT room_id, author_id, client_id, seq, id FROM rooms_message;
INSERT INTO rooms_reaction (message_id, person_id, reaction) SELECT md5(k || '-' || seq - CASE turn WHEN 18 THEN 5 ELSE 7 END)::uuid, person, 'useful' FROM history_event WHERE kind = 'reaction.added';
INSERT INTO rooms_readmark (person_id, room_id, seq, post_no, at)
SELECT m.person_id, r.id, r.last_seq - least(r.last_seq, 40), greatest(0, r.last_post_no - least(r.last_seq, 40) / 20 * 17), now() FROM rooms_membership m JOIN rooms_room r ON r.id = m.room_id
WHERE r.kind <> 'personal';
"""
_CASE_ROWS = """
INSERT INTO cases_case (room_id, asker_id, question_id, specialty, urgency, status, answers, group_id, opened_at)
SELECT x.room_id, x.author_id, x.id, '', 'week', 'answered', 10, a.group_id, x.at FROM rooms_audience a JOIN rooms_message x ON x.room_id = a.room_id AND x.seq = 1;
"""
TABLES = ("rooms_event", "rooms_message", "rooms_clientid")


def main(events: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consult.settings")
    import django

    django.setup()
    from django.db import connection

    with connection.cursor() as db:
        db.execute("SELECT to_regclass('history_done') IS NOT NULL")
        if db.fetchone()[0]:
            return
        db.execute("SET maintenance_work_mem = '1GB'; SET work_mem = '512MB'; SET synchronous_commit = off; SET max_parallel_workers_per_gather = 0; SET jit = off")
        _people()
        params = {"events": events, "rooms": ROOMS, "people": PEOPLE, "case": CASE_EVENTS, "cases": events // 10 // CASE_EVENTS, "texts": TEXTS}
        _texts(db)
        indexes = _without_indexes(db)
        for step in (_ROOMS, _CASES, _EVENTS, _MESSAGES):
            db.execute(step, params)
        for made in indexes:
            db.execute(made)
        db.execute(_CASE_ROWS)
        _rare_words(db)
        db.execute("DROP TABLE history_event, history_text")
        db.execute("VACUUM ANALYZE")
        db.execute("CREATE TABLE history_done AS SELECT count(*) AS events FROM rooms_event")


def _people() -> None:
    from django.contrib.auth.hashers import make_password
    from django.db import transaction

    from consult.clinicians.models import Person
    from consult.standing.models import Standing, Verification

    secret = make_password(seed.PASSWORD)
    with transaction.atomic():
        for k in range(PEOPLE):
            Person(id=seed.person_id(k), email=seed.email(k), password=secret, title="Dr", given_name=f"Banc {k}", family_name="Essai", profession="10", specialty="SM54").save()
        Standing.objects.filter(person_id__in=[seed.person_id(k) for k in range(PEOPLE)]).update(verification=Verification.VERIFIED, register="bench")


def _texts(db: Any) -> None:
    db.execute("CREATE TABLE history_text (id integer PRIMARY KEY, body text NOT NULL, search tsvector)")
    with db.copy("COPY history_text (id, body) FROM STDIN") as copy:
        for n, text in enumerate(words.texts(TEXTS)):
            copy.write_row((n, text))
    db.execute("UPDATE history_text SET search = to_tsvector('consult_french', body)")


def _without_indexes(db: Any) -> list[str]:
    """Takes the indexes of the large tables away, and what refers to them; the statements that bring all back."""
    again = []
    tables = {"tables": list(TABLES)}
    db.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE conrelid = ANY(%(tables)s::regclass[]) AND contype IN ('p', 'u') OR confrelid = ANY(%(tables)s::regclass[]) AND contype = 'f' ORDER BY contype = 'f' DESC",
        tables,
    )
    for table, name, text in db.fetchall():
        db.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        again.insert(0, f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {text}')
    db.execute("SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = ANY(%(tables)s::regclass[])", tables)
    for index, definition in db.fetchall():
        db.execute(f"DROP INDEX {index}")
        again.append(definition)
    return again


def _rare_words(db: Any) -> None:
    """Each of them in eight messages that person 0 may read: over eight rooms, or along the largest room."""
    places = [(word, 7 * (2 + 9 * i + n) + 2, 0.1 + 0.1 * i) for n, word in enumerate(RARE) for i in range(8)]
    places += [(word, LARGEST, 0.05 + 0.1 * i + 0.01 * n) for n, word in enumerate(RARE_HERE) for i in range(8)]
    for word, room, where in places:
        db.execute(
            "UPDATE rooms_message x SET body = x.body || ' ' || %(word)s, search = to_tsvector('consult_french', x.body || ' ' || %(word)s) WHERE x.id = ("
            "SELECT y.id FROM rooms_message y JOIN rooms_room r ON r.id = y.room_id WHERE y.room_id = %(room)s AND y.withheld IS NULL "
            "AND y.seq >= 1 + (r.last_seq * %(where)s)::bigint ORDER BY y.seq LIMIT 1)",
            {"word": word, "room": seed.room_id(room), "where": where},
        )


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
