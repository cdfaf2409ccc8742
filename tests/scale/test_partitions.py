"""The log divides by a hash of the room while servers run, and everything goes on as before."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import uuid

import pytest

from tests.live import CHECKOUT, Node, Socket, Someone, Stack, http, one_log, sockets, until

pytestmark = pytest.mark.slow
PARTS = 8
TABLES = ("rooms_event", "rooms_message", "rooms_clientid")


def partition(stack: Stack, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "partition_log", *words],
        cwd=CHECKOUT,
        env=stack.services.env(stack.database, stack.redis_url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def done(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out


def counted(stack: Stack) -> dict[str, int]:
    return {table: stack.sql(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}


async def write(one: Socket, room: str, stop: asyncio.Event) -> int:
    """Posts until told to stop; whatever is refused for the moment is sent again with its id. How many were acknowledged."""
    n = 0
    while not stop.is_set():
        id = str(uuid.uuid4())
        while (await http(one.node, one.who, "POST", f"/api/v1/rooms/{room}/messages", json={"id": id, "body": f"{one.who.name} {n}"})).status_code == 503:
            await asyncio.sleep(0.1)
        n += 1
    return n


async def test_under_running_servers(stack: Stack, cast: dict[str, Someone]) -> None:
    a, b = stack.node(), stack.node()
    rooms = [stack.room(cast["camille"], cast["nadia"]) for _ in range(6)]
    async with sockets((a, cast["camille"]), (b, cast["nadia"])) as (camille, nadia):
        for room in rooms:
            await camille.enter(room)
            await nadia.enter(room)
            await camille.post(room, f"before {room} #tag")
        stop = asyncio.Event()
        writers = [asyncio.create_task(write(one, room, stop)) for one, room in zip((camille, nadia) * 3, rooms, strict=True)]
        await asyncio.sleep(0.5)
        process = partition(stack, "--parts", str(PARTS), "--lock-timeout", "20")
        said = await asyncio.to_thread(done, process)
        assert f"in {PARTS} parts each" in said
        await asyncio.sleep(0.5)
        stop.set()
        written = sum(await asyncio.gather(*writers)) + len(rooms)

        assert stack.sql("SELECT count(*) FROM pg_class WHERE relkind = 'p' AND relname = ANY(%s)", list(TABLES)) == [(3,)]
        assert counted(stack) == dict.fromkeys(TABLES, written)
        for room in rooms:
            await one_log(stack, room, camille, nadia)
        await everything_else(stack, (a, b), rooms[0], camille, nadia)
    # As before: by one part only, so by its index.
    plan = "\n".join(line for (line,) in stack.sql("EXPLAIN SELECT * FROM rooms_event WHERE room_id = %s AND seq > 1 AND seq <= 100", uuid.UUID(rooms[0])))
    assert plan.count("Scan") <= 2 and "Append" not in plan, plan


async def everything_else(stack: Stack, nodes: tuple[Node, Node], room: str, camille: Socket, nadia: Socket) -> None:
    """A repeated id, a foreign use of it, edit, reaction, reply, pages, search, a case's worth of what refers to messages by their id."""
    id = str(uuid.uuid4())
    first = await camille.post(room, "Une lésion pigmentée", id=id)
    assert {**await camille.post(room, "Une lésion pigmentée", id=id)} == {**first, "duplicate": True, "ref": first["ref"] + 1}
    again = await http(nodes[1], cast_of(camille), "POST", f"/api/v1/rooms/{room}/messages", json={"id": id, "body": "Autre chose"})
    assert (again.status_code, again.json()["code"]) == (409, "message.id_reused")
    message = first["message"]
    await camille.call("message.edit", room=room, message=message, base=first["seq"], body="Une lésion achrome")
    await nadia.call("reaction.add", room=room, message=message, reaction="agree")
    reply = await nadia.post(room, "D'accord", reply_to=message)
    await nadia.call("message.retract", room=room, message=reply["message"])
    await one_log(stack, room, camille, nadia)
    page = (await http(nodes[0], cast_of(nadia), "GET", f"/api/v1/rooms/{room}/messages", params={"limit": 2})).json()
    assert [(m["body"], m["withheld"]) for m in page["messages"]] == [("Une lésion achrome", None), (None, "retracted")]
    assert page["messages"][0]["reactions"]["agree"] == 1
    found = (await http(nodes[0], cast_of(nadia), "GET", "/api/v1/search", params={"q": "achrome"})).json()
    assert [hit["message"] for hit in found["hits"]] == [message]
    one = (await http(nodes[0], cast_of(nadia), "GET", f"/api/v1/messages/{message}")).json()
    assert one["room"] == room
    history = (await http(nodes[0], cast_of(camille), "GET", f"/api/v1/messages/{message}/history")).json()
    assert [v["body"] for v in history["versions"]] == ["Une lésion pigmentée", "Une lésion achrome"]
    # Who was away resumes.
    back = await Socket.open(nodes[1], cast_of(nadia), resume={room: {"epoch": camille.epochs[room], "seq": first["seq"] - 1}})
    assert await until(lambda: back.tip(room) == camille.tip(room))
    await back.close()


def cast_of(one: Socket) -> Someone:
    return one.who


async def test_it_stays_unique_and_is_done_once(stack: Stack, cast: dict[str, Someone]) -> None:
    room = stack.room(cast["camille"])
    node = stack.node()
    async with sockets((node, cast["camille"])) as (camille,):
        await camille.enter(room)
        await camille.post(room, "one")
    reader = f"reader_{uuid.uuid4().hex}"
    stack.sql(f"CREATE ROLE {reader}")
    stack.sql(f"GRANT SELECT ON rooms_message TO {reader}")
    stack.sql("CREATE TRIGGER later AFTER UPDATE ON rooms_message FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()")
    refused = partition(stack, "--parts", "4")
    assert "trigger later" in refused.communicate(timeout=60)[1] and refused.returncode == 1
    stack.sql("DROP TRIGGER later ON rooms_message")
    done(partition(stack, "--parts", "4"))
    assert stack.sql("SELECT has_table_privilege(%s, 'rooms_message', 'SELECT'), has_table_privilege(%s, 'rooms_event', 'SELECT')", reader, reader) == [(True, False)]
    stack.sql(f"DROP OWNED BY {reader}")
    stack.sql(f"DROP ROLE {reader}")
    for statement in (
        "INSERT INTO rooms_event SELECT * FROM rooms_event LIMIT 1",
        "INSERT INTO rooms_clientid SELECT * FROM rooms_clientid LIMIT 1",
        "INSERT INTO rooms_message SELECT * FROM rooms_message LIMIT 1",  # its id
        "INSERT INTO rooms_message (id, room_id, seq, post_no, at, client_id, form, body, mentions, images) "
        "SELECT gen_random_uuid(), room_id, seq, post_no, at, client_id, form, body, mentions, images FROM rooms_message LIMIT 1",  # its place
    ):
        with pytest.raises(Exception, match="duplicate key"):
            stack.sql(statement)
    indexes = [d for (d,) in stack.sql("SELECT indexname FROM pg_indexes WHERE tablename = 'rooms_message'")]
    assert {"own_posts", "message_words", "one_message_a_seq", "rooms_message_pkey"} <= set(indexes)
    again = partition(stack)
    assert "already" in again.communicate(timeout=60)[1] and again.returncode == 1
    wrong = partition(stack, "--parts", "6")
    assert "power of two" in wrong.communicate(timeout=60)[1] and wrong.returncode == 1
    # A later release finds its tables: nothing to migrate, and a column more reaches every part.
    check = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--check"], cwd=CHECKOUT, env=stack.services.env(stack.database, stack.redis_url), check=False, capture_output=True, text=True
    )
    assert check.returncode == 0, check.stdout + check.stderr
    stack.sql("ALTER TABLE rooms_message ADD COLUMN later text DEFAULT ''")
    assert stack.sql("SELECT count(*) FROM information_schema.columns WHERE table_name LIKE 'rooms_message_p_' AND column_name = 'later'") == [(4,)]


async def test_it_gives_way_to_who_holds_the_log(stack: Stack, cast: dict[str, Someone]) -> None:
    """A transaction that does not end: nothing is changed, and it says so."""
    with stack.connect() as holder, holder.transaction():
        holder.execute("SELECT count(*) FROM rooms_event")
        process = partition(stack, "--lock-timeout", "0.5")
        err = process.communicate(timeout=60)[1]
    assert process.returncode == 1 and "nothing was changed" in err
    assert stack.sql("SELECT count(*) FROM pg_class WHERE relkind = 'p'") == [(0,)]
