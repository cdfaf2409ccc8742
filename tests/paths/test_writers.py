"""Many writers, several processes, good and bad posts together: one gapless log, one order, and only the culprit refused."""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from typing import Any

from tests.live import Node, Refused, Someone, Stack, batches_of, one_log, sockets, until


async def test_eight_writers_on_one_room(pair: Stack, nodes: tuple[Node, Node], cast: dict[str, Someone]) -> None:
    people = [cast[f"writer{n}"] for n in range(1, 9)]
    room = pair.room(*people)
    async with sockets(*((nodes[i % 2], who) for i, who in enumerate(people))) as writers:
        for one in writers:
            await one.enter(room)

        async def write(one: Any) -> list[int]:
            answers = [await one.start("message.post", room=room, id=str(uuid.uuid4()), body=f"{one.who.name} {n}") for n in range(50)]
            return [(await a)["seq"] for a in answers]

        seqs = await asyncio.gather(*map(write, writers))
        assert all(mine == sorted(mine) for mine in seqs), "one writer's own order changed"
        assert sorted(x for mine in seqs for x in mine) == list(range(1, 401))
        await one_log(pair, room, *writers)
        bodies = pair.bodies(room)
        assert all(one.bodies(room) == bodies for one in writers)
        for one in writers:
            assert [b for b in bodies if b.startswith(f"{one.who.name} ")] == [f"{one.who.name} {n}" for n in range(50)]


TRAP = """
CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF NEW.body = 'poison' THEN RAISE EXCEPTION 'refused for the test'; END IF; RETURN NEW; END $$;
CREATE TRIGGER trap BEFORE INSERT ON rooms_message FOR EACH ROW EXECUTE FUNCTION trap();
"""


async def test_rollback_is_silent(pair: Stack, nodes: tuple[Node, Node], cast: dict[str, Someone]) -> None:
    """The database refuses one post of a batch: the others are written once, nobody hears of it, its id counts as never used."""
    pair.sql(TRAP)
    room = pair.room(cast["camille"], cast["nadia"])
    lock = pair.connect()
    try:
        async with sockets((nodes[0], cast["camille"]), (nodes[1], cast["nadia"])) as (camille, nadia):
            await camille.enter(room)
            await nadia.enter(room)
            # While the room's lock is held from outside, what is sent gathers, and goes into one batch.
            lock.execute("BEGIN")
            lock.execute("SELECT 1 FROM rooms_room WHERE id = %s FOR UPDATE", [room])
            bodies = ["first", *(f"good {n}" for n in range(10)), "poison", *(f"better {n}" for n in range(10))]
            ids = [str(uuid.uuid4()) for _ in bodies]
            answers = [await camille.start("message.post", room=room, id=id, body=body) for id, body in zip(ids, bodies, strict=True)]
            assert await until(lambda: nodes[0].figure("consult_commands_total", type="message.post") >= len(bodies))
            batches = nodes[0].figure("consult_batch_writes_count")
            lock.execute("COMMIT")
            got: list[Any] = await asyncio.gather(*answers, return_exceptions=True)
            assert nodes[0].figure("consult_batch_writes_count") - batches <= 3, "there was no batch"
            refused = got[bodies.index("poison")]
            assert isinstance(refused, Refused) and refused.code == "request.failed" and not refused.temporary
            good = [b for b in bodies if b != "poison"]
            assert [g["seq"] for g in got if isinstance(g, dict)] == list(range(1, len(good) + 1))
            await one_log(pair, room, camille, nadia)
            assert camille.bodies(room) == nadia.bodies(room) == pair.bodies(room) == good
            assert not pair.sql("SELECT 1 FROM rooms_clientid WHERE client_id = %s", ids[bodies.index("poison")])
            pair.sql("DROP TRIGGER trap ON rooms_message; DROP FUNCTION trap()")
            again = await camille.post(room, "poison", id=ids[bodies.index("poison")])
            assert again["seq"] == len(good) + 1 and "duplicate" not in again
            await one_log(pair, room, camille, nadia)
    finally:
        lock.close()
        pair.sql("DROP TRIGGER IF EXISTS trap ON rooms_message; DROP FUNCTION IF EXISTS trap()")


def mixture(rooms: list[str], people: list[Someone], stranger: Someone, seed: int) -> tuple[list[dict[str, str]], dict[str, list[dict[str, str]]]]:
    """Posts to overlapping rooms: good ones (some of them twice, some with their id used again for another text), and refused ones."""
    rng = random.Random(seed)
    good = [{"room": rng.choice(rooms), "person": str(rng.choice(people).id), "id": str(uuid.uuid4()), "body": f"good {seed} {n}"} for n in range(240)]
    bad = {
        "message.blank": [{**p, "id": str(uuid.uuid4()), "body": " \u200b"} for p in rng.sample(good, 20)],
        "message.characters": [{**p, "id": str(uuid.uuid4()), "body": "bell \x07"} for p in rng.sample(good, 20)],
        "room.not_found": [{**p, "id": str(uuid.uuid4()), **change} for p in rng.sample(good, 20) for change in ({"person": str(stranger.id)}, {"room": str(uuid.uuid4())})],
    }
    return good, bad


async def test_two_processes_post_batches_to_overlapping_rooms(pair: Stack, nodes: tuple[Node, Node], cast: dict[str, Someone]) -> None:
    """Straight through post_many, two processes of two threads each; while two sockets listen and write too."""
    people, stranger = [cast[f"writer{n}"] for n in range(1, 6)], cast["idris"]
    rooms = [pair.room(*people) for _ in range(6)]
    good, bad = mixture(rooms, people, stranger, 7)
    everything = good + [p for posts in bad.values() for p in posts]
    plans = []
    for seed in (1, 2):  # both processes send every post, in orders of their own, and some of them twice
        rng = random.Random(seed)
        mine = everything + rng.sample(good, 60)
        rng.shuffle(mine)
        plans.append({"threads": 2, "batches": [mine[i : i + 24] for i in range(0, len(mine), 24)]})
    async with sockets((nodes[0], people[0]), (nodes[1], people[1])) as listening:
        for one in listening:
            for room in rooms:
                await one.enter(room)
        processes = [batches_of(pair, plan) for plan in plans]

        async def write(one: Any) -> None:
            for n in range(40):
                await one.post(rooms[n % 6], f"live {one.who.name} {n}")
                await asyncio.sleep(0.03)

        await asyncio.gather(*map(write, listening))
        outputs = [(await asyncio.to_thread(p.communicate, None, 60))[0] for p in processes]
        assert [p.returncode for p in processes] == [0, 0]
        told: dict[str, list[dict[str, Any]]] = {}
        for plan, output in zip(plans, outputs, strict=True):
            for batch, answers in zip(plan["batches"], json.loads(output), strict=True):  # type: ignore[call-overload]
                assert len(batch) == len(answers)
                for post, answer in zip(batch, answers, strict=True):
                    told.setdefault(post["id"], []).append(answer)
        for post in good:
            answers = told[post["id"]]
            assert len({(a["seq"], a["message"]) for a in answers}) == 1, "two places for one id"
            assert [a.get("duplicate", False) for a in answers].count(False) == 1, "written more than once, or never"
        for code, posts in bad.items():
            assert all(a == {"code": code} for p in posts for a in told[p["id"]]), code
        for room in rooms:
            await one_log(pair, room, *listening)
            mine = [p["body"] for p in good if p["room"] == room]
            assert sorted(b for b in pair.bodies(room) if b.startswith("good")) == sorted(mine)
            for post in (p for p in good if p["room"] == room):
                assert pair.sql("SELECT count(*) FROM rooms_message WHERE client_id = %s", post["id"]) == [(1,)]
        refused = [p["id"] for posts in bad.values() for p in posts]
        assert pair.sql("SELECT count(*) FROM rooms_clientid WHERE client_id = ANY(%s)", [uuid.UUID(x) for x in refused]) == [(0,)]


async def test_two_nodes_good_duplicate_and_refused_posts(pair: Stack, nodes: tuple[Node, Node], cast: dict[str, Someone]) -> None:
    """The same through sockets: one person sends the same ids over two nodes at once, between posts that are refused."""
    rooms = [pair.room(cast["camille"], cast["nadia"]) for _ in range(3)]
    foreign = pair.room(cast["idris"])
    rng = random.Random(3)
    posts = [{"room": rng.choice(rooms), "id": str(uuid.uuid4()), "body": f"post {n}"} for n in range(90)]
    async with sockets((nodes[0], cast["camille"]), (nodes[1], cast["camille"]), (nodes[1], cast["nadia"])) as (here, there, nadia):
        for one in (here, there, nadia):
            for room in rooms:
                await one.enter(room)

        async def send(one: Any, seed: int) -> list[Any]:
            work = []
            for post in posts:
                work.append(await one.start("message.post", **post))
                if random.Random(seed).random() < 0.9:
                    work.append(await one.start("message.post", room=foreign, id=str(uuid.uuid4()), body="not mine"))
                    work.append(await one.start("message.post", room=post["room"], id=str(uuid.uuid4()), body="\u200b"))
                    work.append(await one.start("message.post", **{**post, "body": "the id again, for other words"}))
            return list(await asyncio.gather(*work, return_exceptions=True))

        both: list[list[Any]] = list(await asyncio.gather(send(here, 1), send(there, 1)))
        for mine in both:
            assert [a.code for a in mine if isinstance(a, Refused)] == ["room.not_found", "message.blank", "message.id_reused"] * len(posts)
        oks = [[a for a in mine if isinstance(a, dict)] for mine in both]
        for first, second in zip(*oks, strict=True):
            assert (first["seq"], first["message"]) == (second["seq"], second["message"])
            assert [first.get("duplicate", False), second.get("duplicate", False)].count(True) == 1
        for room in rooms:
            await one_log(pair, room, here, there, nadia)
            assert sorted(pair.bodies(room)) == sorted(p["body"] for p in posts if p["room"] == room)
        assert not pair.log(foreign)
