"""What the row `push` runs on a database of its own: one JSON line with what was measured. A real worker process, a real push service."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import quantiles
from typing import Any

ONES = 100  # wake-ups one after the other
CROWD = 10_000
IDLE_S = 30
# When each notice was written: the row itself goes as soon as it was sent.
NOTED = """
CREATE TABLE bench_noted (room uuid, seq bigint, at timestamptz);
CREATE FUNCTION bench_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO bench_noted VALUES (NEW.room_id, NEW.seq, clock_timestamp()); RETURN NULL; END $$;
CREATE TRIGGER bench_note AFTER INSERT ON push_notice FOR EACH ROW EXECUTE FUNCTION bench_note()"""


def main() -> None:
    os.environ |= {"DJANGO_SETTINGS_MODULE": "consult.settings", "PUSH_HOSTS": "127.0.0.1", "LOG_LEVEL": "ERROR"}
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    from consult.push import actions, sealed
    from consult.rooms.actions import conversations, groups, membership, messages
    from consult.rooms.actions.posts import Post
    from consult.rooms.commands.messages import MentionAt
    from tests import people
    from tests.push.services import web_push

    nadia, idris = people.nadia(), people.idris()
    room = groups.ensure_group(code="DER", title="Dermatologie")
    for person in (nadia, idris):
        membership.join(person_id=person.pk, room_id=room)
    talk = uuid.UUID(conversations.open(person_id=nadia.pk, client_id=uuid.uuid4(), people=[idris.pk])["room"])

    def post(where: uuid.UUID, **more: Any) -> tuple[int, float]:
        answer = messages.send(Post(where, nadia.pk, uuid.uuid4(), "Avis ?", charged=True, **more))
        return answer["seq"], time.time()

    def acks(count: int) -> float:
        took = []
        for _ in range(count):
            began = time.perf_counter()
            post(room)
            took.append(time.perf_counter() - began)
            time.sleep(0.005)
        return quantiles(took, n=100)[98]

    def busy_s() -> float:
        """CPU seconds that PostgreSQL has used for the worker's connections: this process holds the others."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
            pids = [pid for (pid,) in cursor.fetchall()]
        ticks = 0
        for pid in pids:
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(stat[11]) + int(stat[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    with web_push() as service, ThreadPoolExecutor(1) as writer:  # one thread and its connection write in both states
        actions.register(person_id=idris.pk, session_key=people.session_of(idris), courier="web", address=service.browser("idris").address(), label="", locale="fr")
        worker = subprocess.Popen([sys.executable, "manage.py", "worker"])
        try:
            with connection.cursor() as cursor:  # its jobs come up last
                while not (cursor.execute("SELECT FROM procrastinate_workers") or cursor.fetchall()):
                    time.sleep(0.2)
            time.sleep(2)
            looks = busy_s(), time.monotonic()
            time.sleep(IDLE_S)
            idle = (busy_s() - looks[0]) / (time.monotonic() - looks[1])
            with connection.cursor() as cursor:
                cursor.execute(NOTED)
            took, commits = [], {}
            for n in range(ONES):
                seq, commits[seq] = post(talk)
                took.append(service.wait(n + 1)[n][3] - commits[seq])
                time.sleep(0.05)
            with connection.cursor() as cursor:
                cursor.execute("DROP TRIGGER bench_note ON push_notice")
                cursor.execute("SELECT seq, extract(epoch FROM at)::float8 FROM bench_noted WHERE room = %s", (talk,))
                noted = [at - commits[seq] for seq, at in cursor.fetchall()]
            writer.submit(acks, 20).result()
            calm = writer.submit(acks, 300).result()
            # A question to ten thousand members, each with a device whose push service hangs up: the queue is what is measured.
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO clinicians_person (id, password, is_superuser, email, title, given_name, family_name, profession, specialty, level, place, locale, is_active, is_staff, joined_at) "
                    "SELECT gen_random_uuid(), '', false, 'm' || n || '@example.org', '', 'Membre', n::text, '10', 'SM15', '', '', 'fr', true, false, now() FROM generate_series(1, %s) n",
                    (CROWD,),
                )
                cursor.execute(
                    "INSERT INTO standing_standing (person_id, verification, register, moderator) SELECT id, 'verified', 'bench', false FROM clinicians_person WHERE given_name = 'Membre'"
                )
                cursor.execute(
                    "INSERT INTO rooms_membership (room_id, person_id, role, first_seq, first_post_no, muted, joined_at) SELECT %s, id, 'member', 0, 0, false, now() FROM clinicians_person WHERE given_name = 'Membre'",
                    (room,),
                )
                address = sealed.seal({**service.browser("none").address(), "session": people.session_of(nadia)})
                cursor.execute(
                    "INSERT INTO push_device (id, person_id, session, courier, address_digest, address, locale, label, created_at, seen_at, refused) "
                    "SELECT gen_random_uuid(), id, '', 'web', sha256(id::text::bytea), %s, 'fr', '', now(), now(), 0 FROM clinicians_person WHERE given_name = 'Membre'",
                    (address,),
                )
                cursor.execute("ANALYZE")
            service.answers["none"] = [503] * (CROWD * 4)
            ask = lambda: post(room, form="question", mentions=[MentionAt(person=str(idris.pk), start=0, length=4)])  # noqa: E731
            seq, committed = ask()
            _wait("SELECT count(*) >= %s FROM push_notice WHERE seq = %s", CROWD, seq)
            queued = time.time() - committed
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM push_notice")  # what would be sent beside the second one is not what is measured
            # A second one, beside which the room is written to from its commit on: while its notices are put in line, and while they are sent.
            ask()
            busy = writer.submit(acks, 300).result()
        finally:
            worker.terminate()
            worker.wait(20)
    print(
        json.dumps(
            {"p50": quantiles(took, n=20)[9], "p95": quantiles(took, n=20)[18], "noted": quantiles(noted, n=20)[18], "queued": queued, "calm": calm, "busy": busy, "idle": idle}
        )
    )


def _wait(question: str, *params: int) -> None:
    """Until PostgreSQL says yes."""
    from django.db import connection

    with connection.cursor() as cursor:
        while True:
            cursor.execute(question, params)
            if cursor.fetchone()[0]:
                return
            time.sleep(0.02)


if __name__ == "__main__":
    main()
