"""Words that were taken back are nowhere but in the history: not in another table, not in Redis, not in any answer or replay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import redis

from tests.live import HEAL_S, Node, Socket, Someone, Stack, http, one_log, sockets, until

RETRACTED, SUPERSEDED, CORRECTED, TAG = "zorgulamk", "quibrexok", "velnopruk", "taguniq"  # no stemmer shortens them


def where(stack: Stack, word: str) -> set[str]:
    """table.column of every text that holds the word."""
    columns = stack.sql(
        "SELECT table_schema, table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name IN "
        "(SELECT tablename FROM pg_tables WHERE schemaname = 'public') AND data_type NOT IN ('bigint', 'integer', 'smallint', 'boolean', 'uuid')"
    )
    assert len(columns) > 60
    found = set()
    for schema, table, column in columns:
        if stack.sql(f"""SELECT 1 FROM "{schema}"."{table}" WHERE "{column}"::text ILIKE %s LIMIT 1""", f"%{word}%"):
            found.add(f"{table}.{column}")
    return found


def in_redis(stack: Stack, word: str) -> list[bytes]:
    with redis.Redis(unix_socket_path=stack.redis_url.removeprefix("unix://")) as client:
        return [key for key in client.scan_iter(count=1000) if word.encode() in key + (client.dump(key) or b"")]


async def answers(node: Node, who: Someone, room: str, messages: list[str]) -> dict[str, str]:
    """Every way to read a room over HTTP."""
    paths = [f"/api/v1/rooms/{room}{p}" for p in ("", "/events", "/events?after=0&limit=200", "/events?before=5", "/messages", "/messages?around=3", "/members")]
    paths += [f"/api/v1/messages/{m}" for m in messages]
    paths += ["/api/v1/rooms", "/api/v1/groups", "/api/v1/me", "/api/v1/tags", *(f"/api/v1/search?q={w}" for w in (RETRACTED, SUPERSEDED)), f"/api/v1/search?q=%23{TAG}"]
    paths += [f"/api/v1/rooms/{who.personal}/events", "/metrics"]
    found = {}
    for path in paths:
        answer = await http(node, who, "GET", path)
        assert answer.status_code < 500, (path, answer.text)
        # A search may repeat what was asked.
        found[path] = answer.text if "/search" not in path else "".join(str(v) for k, v in answer.json().items() if k not in ("q", "query", "next"))
    return found


async def replays(node: Node, who: Someone, room: str, epoch: str, head: int) -> list[dict[str, Any]]:
    """Every way to hear a room's past on a socket: entering from each position, and resuming."""
    heard: list[dict[str, Any]] = []
    one = await Socket.open(node, who)
    for seq in range(head + 1):
        await one.enter(room, {"epoch": epoch, "seq": seq})
        assert await until(lambda: one.tip(room) == head, HEAL_S)
    heard += one.events.get(room, [])
    resumed = await Socket.open(node, who, resume={room: {"epoch": epoch, "seq": 0}})
    assert await until(lambda: resumed.tip(room) == head, HEAL_S)
    heard += resumed.events[room]
    await one.close()
    await resumed.close()
    return heard


async def test_retracted_and_superseded_words(pair: Stack, nodes: tuple[Node, Node], cast: dict[str, Someone]) -> None:
    camille, nadia = cast["camille"], cast["nadia"]
    room = pair.room(camille, nadia, owner=camille)
    mention = {"person": str(nadia.id), "start": 0, "length": 3}
    async with sockets((nodes[0], camille), (nodes[1], nadia)) as (one, two):
        await one.enter(room)
        await two.enter(room)
        edited = await one.post(room, f"@Na le {SUPERSEDED} est indiqué #{TAG}", mentions=[mention])
        gone = await one.post(room, f"@Na patient sous {RETRACTED} #{TAG}x", mentions=[mention])
        both = await one.post(room, f"encore {SUPERSEDED}")
        await two.post(room, "réponse", reply_to=gone["message"])
        assert where(pair, RETRACTED) >= {"rooms_message.body"}
        await one.call("message.edit", room=room, message=edited["message"], base=edited["seq"], body=f"le {CORRECTED} est indiqué")
        await one.call("message.retract", room=room, message=gone["message"])
        await one.call("message.edit", room=room, message=both["message"], base=both["seq"], body=f"encore {RETRACTED}")
        await one.call("message.retract", room=room, message=both["message"])
        rows = await one_log(pair, room, one, two)
        epoch, head = one.epochs[room], len(rows)
    messages = [edited["message"], gone["message"], both["message"]]

    assert where(pair, CORRECTED) == {"rooms_message.body", "rooms_message.search"}
    assert where(pair, SUPERSEDED) == {"rooms_messageversion.body"}
    assert where(pair, RETRACTED) == {"rooms_message.body"}
    assert where(pair, TAG) <= {"rooms_message.body", "rooms_messageversion.body"}
    for word in (RETRACTED, SUPERSEDED, CORRECTED, TAG):
        assert not in_redis(pair, word)

    for node in nodes:
        for who in (camille, nadia):
            for path, text in (await answers(node, who, room, messages)).items():
                for word in (RETRACTED, SUPERSEDED, TAG):
                    assert word not in text, f"{path} tells {who.name} of {word}"
            heard = str(await replays(node, who, room, epoch, head))
            assert CORRECTED in heard
            for word in (RETRACTED, SUPERSEDED, TAG):
                assert word not in heard, f"a replay tells {who.name} of {word}"
    # Whoever was in the room reads it no more than its author does, but in the history, which the audit records.
    for message in messages:
        assert (await http(nodes[1], nadia, "GET", f"/api/v1/messages/{message}/history")).status_code in (403, 404)
    before = pair.sql("SELECT count(*) FROM audit_record")[0][0]
    history = await http(nodes[0], camille, "GET", f"/api/v1/messages/{both['message']}/history")
    assert history.status_code == 200 and RETRACTED in history.text and SUPERSEDED in history.text
    assert pair.sql("SELECT count(*) FROM audit_record")[0][0] == before + 1
    for node in nodes:
        log = Path(node.log).read_text()
        assert not any(word in log for word in (RETRACTED, SUPERSEDED, CORRECTED, TAG)), "the server's log quotes a message"
