"""A room's log was replaced, as a restore from a backup does: clients reset instead of believing their copy."""

from __future__ import annotations

import pytest

from tests.live import HEAL_S, Node, Someone, Stack, http, one_log, sockets, until


@pytest.mark.parametrize("rewound", [0, 3])
async def test_a_new_epoch_resets_clients(pair: Stack, nodes: tuple[Node, Node], cast: dict[str, Someone], rewound: int) -> None:
    """With `rewound` the restored log lacks the last events, and their seqs are given out anew."""
    camille, nadia = cast["camille"], cast["nadia"]
    room = pair.room(camille, nadia)
    async with sockets((nodes[0], camille), (nodes[1], nadia)) as (here, there):
        await here.enter(room)
        await there.enter(room)
        for n in range(8):
            await here.post(room, f"first life {n}")
        assert await until(lambda: there.tip(room) == 8)
        old, kept = here.after(room), 8 - rewound
        for table in ("rooms_event", "rooms_message", "rooms_clientid"):
            pair.sql(f"DELETE FROM {table} WHERE room_id = %s AND seq > %s", room, kept)
        pair.sql("UPDATE rooms_room SET epoch = 'restored', last_seq = %s, last_post_no = %s WHERE id = %s", kept, kept, room)
        assert [await one.close_code(HEAL_S) for one in (here, there)] == [4001, 4001]
    stale = await http(nodes[0], nadia, "GET", f"/api/v1/rooms/{room}/events", params={"epoch": old["epoch"]})
    assert stale.status_code == 409 and stale.json()["code"] == "room.epoch"
    async with sockets((nodes[0], camille), (nodes[1], nadia)) as (here, there):
        ok = await here.enter(room, old)
        assert (ok["mode"], ok["head"]) == ("reset", {"epoch": "restored", "seq": kept})
        ok = await there.enter(room, old)
        assert (ok["mode"], ok["head"]) == ("reset", {"epoch": "restored", "seq": kept})
        for n in range(4):
            assert (await there.post(room, f"second life {n}"))["seq"] == kept + n + 1
        await one_log(pair, room, here, there)
        assert here.bodies(room) == there.bodies(room) == [f"second life {n}" for n in range(4)]
