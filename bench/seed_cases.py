"""`python -m bench.seed_cases CASES`: fills a database with so many cases, alike in shape whatever their number, in the order of time over two years.

Each is addressed to one of 40 groups, a hundredth to everyone, a two-hundredth to person 0 by name. Person 0 belongs to eight groups and
so may read a fifth. Rare words occur equally often however many cases there are.
"""

from __future__ import annotations

import os
import sys

from . import seed_history

GROUPS = 40
MINE = 8
TEXTS = seed_history.TEXTS
RARE = seed_history.RARE  # each in eight cases that person 0 may read
SPECIALTIES = 20

_ROOM = "('00000000-0000-4000-8000-' || lpad(({k})::text, 12, '0'))::uuid"
_PERSON = "('00000000-0000-4000-9000-' || lpad(({k})::text, 12, '0'))::uuid"
_NOBODY = "'00000000-0000-0000-0000-000000000000'::uuid"  # consult.cases.audience.EVERYONE
_GROUPS = f"""
INSERT INTO rooms_room (id, kind, title, code, epoch, last_seq, last_post_no, listed, slow_mode, moderators_live, created_at)
SELECT {_ROOM.format(k="k")}, 'group', 'Groupe ' || k, '', 'e' || k, 0, 0, true, 0, 0, now() FROM generate_series(0, %(groups)s - 1) k;
INSERT INTO rooms_membership (room_id, person_id, role, first_seq, first_post_no, muted, joined_at)
SELECT {_ROOM.format(k="k")}, {_PERSON.format(k="p")}, 'member', 0, 0, false, now() FROM generate_series(0, %(groups)s - 1) k CROSS JOIN generate_series(0, %(people)s - 1) p
WHERE CASE WHEN p = 0 THEN k < %(mine)s ELSE (k + p) %% 5 = 0 END;
"""
_CASES = f"""
CREATE TABLE seeded AS SELECT k, {_ROOM.format(k="100000 + k")} AS room, md5('q' || k)::uuid AS question, {_PERSON.format(k="1 + k %% (%(people)s - 1)")} AS asker,
    now() - (%(cases)s - k) / %(cases)s::float8 * interval '730 days' AS at, abs(hashint8(k * 1000003::bigint)) %% %(texts)s AS text FROM generate_series(0::bigint, %(cases)s - 1) k;
INSERT INTO rooms_room (id, kind, title, code, epoch, last_seq, last_post_no, last_at, listed, slow_mode, moderators_live, created_at, created_by)
SELECT room, 'case', left(t.body, 60), '', 'e' || k, 1, 1, at, false, 0, 0, at, asker FROM seeded JOIN history_text t ON t.id = text ORDER BY k;
INSERT INTO rooms_message (id, room_id, seq, post_no, at, author_id, client_id, form, body, mentions, images)
SELECT question, room, 1, 1, at, asker, question, 'question', t.body, '[]', '{{}}' FROM seeded JOIN history_text t ON t.id = text ORDER BY k;
INSERT INTO rooms_audience (moved_at, room_id, group_id, person_id)
SELECT at, room, CASE WHEN k %% 200 < 197 THEN {_ROOM.format(k="k %% %(groups)s")} END, CASE WHEN k %% 200 = 199 THEN {_PERSON.format(k="0")} END FROM seeded ORDER BY k;
INSERT INTO cases_case (room_id, asker_id, question_id, specialty, urgency, status, answers, opened_at, words, pictures, readers)
SELECT room, asker, question, 'SM' || lpad((k %% %(specialties)s)::text, 2, '0'), 'week', CASE k %% 10 WHEN 0 THEN 'open' WHEN 1 THEN 'consensus' WHEN 2 THEN 'closed' ELSE 'answered' END,
    k %% 5, at, t.search, k %% 3, a.readers FROM seeded JOIN history_text t ON t.id = text
CROSS JOIN LATERAL (SELECT ARRAY[CASE WHEN k %% 200 < 197 THEN {_ROOM.format(k="k %% %(groups)s")} WHEN k %% 200 = 199 THEN {_PERSON.format(k="0")} ELSE {_NOBODY} END] AS readers) a ORDER BY k;
"""
_RARE = f"""
UPDATE cases_case SET words = to_tsvector('consult_french', %(word)s) || words WHERE room_id IN (
    SELECT {_ROOM.format(k="100000 + (n * %(cases)s / 8 / %(groups)s)::bigint * %(groups)s + %(n)s %% %(mine)s")} FROM generate_series(0, 7) n)"""
_INDEXES = "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'gin' AND i.indrelid = ANY(ARRAY['rooms_room', 'rooms_message', 'cases_case']::regclass[])"


def main(cases: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consult.settings")
    import django

    django.setup()
    from django.db import connection

    with connection.cursor() as db:
        db.execute("SELECT to_regclass('cases_seeded') IS NOT NULL")
        if db.fetchone()[0]:
            return
        db.execute("SET maintenance_work_mem = '1GB'; SET work_mem = '512MB'; SET synchronous_commit = off; SET jit = off")
        seed_history._people()
        seed_history._texts(db)
        db.execute("SET session_replication_role = replica")  # a million rows are not checked one by one, nor told to processes that do not run
        db.execute(_INDEXES)
        indexes = db.fetchall()
        for name, _ in indexes:
            db.execute(f"DROP INDEX {name}")
        params = {"cases": cases, "groups": GROUPS, "mine": MINE, "people": seed_history.PEOPLE, "texts": TEXTS, "specialties": SPECIALTIES}
        db.execute(_GROUPS, params)
        db.execute(_CASES, params)
        for n, word in enumerate(RARE):
            db.execute(_RARE, {**params, "word": word, "n": n})
        for _, definition in indexes:
            db.execute(definition)
        db.execute("SET session_replication_role = DEFAULT")
        db.execute("DROP TABLE seeded, history_text")
        db.execute("VACUUM ANALYZE")
        db.execute("CREATE TABLE cases_seeded AS SELECT count(*) AS cases FROM cases_case")


if __name__ == "__main__":
    main(int(sys.argv[1]))
