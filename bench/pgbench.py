"""pgbench on our own statements: what this database does with one post a transaction, however many clients ask.

The statements are taken from the code as it is; each `unnest(…) AS t(names)` says what its parameters are.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from . import seed
from .generator.sockets import body
from .stack import CHECKOUT, FOLDER, SERVER_CORE, BenchError, Stack, postgres_bin

TEXT = "'" + body(0).replace("'", "''") + "'"
ROOM = f"('{seed.room_id(0)[:-12]}' || lpad(:r, 12, '0'))::uuid"
PERSON = f"('{seed.person_id(0)[:-12]}' || lpad(:p, 12, '0'))::uuid"
# What each named parameter of one post is; `:h_…` are columns of the locked room.
VALUES = {
    "id": ROOM,
    "room": ROOM,
    "author": PERSON,
    "person": PERSON,
    "sender": PERSON,
    "seq": ":seq",
    "post_no": ":post_no",
    "at": "clock_timestamp()",
    "acting": "NULL",
    "message": "gen_random_uuid()",
    "client": "gen_random_uuid()",
    "body": TEXT,
    "reply_to": "NULL",
    "form": "'text'",
    "mentions": "'[]'",
    "images": "'{}'",
    "withheld": "NULL",
    "tally": "false",
    "wake": "false",
}
_PARAMETER = re.compile(r"%[bs]")
_UNNEST = re.compile(r"unnest\((?P<parameters>[^()]*%[bs][^()]*)\)\s*AS \w+\s*\((?P<names>[^)]*)\)")


def statement(sql: str) -> str:
    """One of our statements with the parameters of one post in place."""

    def named(found: re.Match[str]) -> str:
        names = [n.strip() for n in found["names"].split(",")]
        values = iter(names)
        filled = _PARAMETER.sub(lambda _: f"ARRAY[{VALUES[next(values)]}]", found["parameters"])
        return f"unnest({filled}) AS " + found[0].split(") AS ", 1)[1] if ") AS " in found[0] else found[0].replace(found["parameters"], filled)

    sql = _UNNEST.sub(named, sql)
    sql = _PARAMETER.sub(f"ARRAY[{ROOM}]", sql)  # what remains are the ids of the rooms to lock
    return " ".join(sql.replace("%%", "%").split())


def script(rooms: int) -> str:
    """One post, by one of the bench's people, to the hot room (1) or to one of many."""
    import django

    django.setup()
    from consult.rooms import access, log
    from consult.rooms.actions import facts, storing

    lines = [
        f"\\set r random(1, {rooms})" if rooms > 1 else "\\set r 0",
        f"\\set p random(0, {seed.PEOPLE - 1})",
        "BEGIN;",
        statement(log._LOCK) + " \\gset h_",
        "\\set seq :h_last_seq + 1",
        "\\set post_no :h_last_post_no + 1",
        statement(facts._BEFORE) + ";",
        statement(access._QUERY) + ";",
        statement(storing._INSERT) + ";",  # which moves the room's head, too
        "COMMIT;",
    ]
    return "\n".join(lines).replace(ROOM, "':room'").replace("':room'", ROOM).replace(PERSON, PERSON) + "\n"


def build(stack: Stack, rooms: int) -> Path:
    """The script, made where the settings are those of the bench's database."""
    env = {**stack.env, "DJANGO_SETTINGS_MODULE": "consult.settings"}
    done = subprocess.run([sys.executable, "-m", "bench.pgbench", str(rooms)], check=False, cwd=CHECKOUT, env=env, capture_output=True, text=True)
    if done.returncode:
        raise BenchError(f"pgbench's script: {done.stderr[-800:]}")
    return write(f"post-{rooms}", done.stdout)


def write(name: str, text: str) -> Path:
    path = FOLDER / f"{name}.sql"
    path.write_text(text)
    return path


def run(stack: Stack, path: Path, *, clients: int, seconds: int) -> float:
    """Transactions a second. pgbench runs on the server's core, PostgreSQL where it always is."""
    url = stack.env["DATABASE_URL"]
    argv = ["taskset", "-c", str(SERVER_CORE), postgres_bin() / "pgbench", "-n", "-M", "prepared", "-f", path, "-c", str(clients), "-j", "1", "-T", str(seconds), url]
    done = subprocess.run(list(map(str, argv)), check=False, capture_output=True, text=True)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or not found:
        raise BenchError(f"pgbench: {done.stderr[-800:]}")
    return float(found[1])


BARE = f"INSERT INTO bench_bare (body) VALUES ({TEXT});\n"


def fsync(stack: Stack) -> float:
    """Microseconds of one fdatasync of 8 kB, on the disk that holds the data."""
    file = FOLDER / "fsync.probe"
    done = subprocess.run([postgres_bin() / "pg_test_fsync", "-s", "1", "-f", file], check=False, capture_output=True, text=True)
    file.unlink(missing_ok=True)
    found = re.search(r"fdatasync\s+[\d.]+ ops/sec\s+(\d+) usecs/op", done.stdout)
    return float(found[1]) if found else float("nan")


if __name__ == "__main__":
    print(script(int(sys.argv[1])), end="")
