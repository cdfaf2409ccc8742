"""Two live sockets on two nodes: ask, answer, edit, retract, react, read. What both hear is the log."""

from __future__ import annotations

from tests.live import RIGHTS_S, Node, Socket, Someone, Stack, http, one_log, sign_in, sockets, until


async def conversation(stack: Stack, asking: Socket, answering: Socket) -> str:
    """The basic path, which every server must walk. Both sockets' people are in the room; returns it."""
    camille, nadia = asking.who, answering.who
    room = stack.room(camille, nadia)
    for one in (asking, answering):
        entered = await one.enter(room)
        assert (entered["mode"], entered["head"]["seq"]) == ("reset", 0)
    asked = await asking.post(room, "Lésion pigmentée, que feriez-vous ?")
    assert asked["seq"] == 1 and "duplicate" not in asked
    assert await until(lambda: answering.tip(room) == 1)
    heard = answering.events[room][0]
    assert heard["data"]["body"] == "Lésion pigmentée, que feriez-vous ?" and heard["actor"]["id"] == str(camille.id) and heard["data"]["message"] == asked["message"]
    answer = await answering.post(room, "Exérèse, sans atendre.", reply_to=asked["message"])
    edited = await answering.call("message.edit", room=room, message=answer["message"], base=answer["seq"], body="Exérèse, sans attendre.")
    reaction = await asking.call("reaction.add", room=room, message=answer["message"], reaction="thanks")
    slip = await asking.post(room, "Un mot de trop")
    gone = await asking.call("message.retract", room=room, message=slip["message"])
    read = await asking.call("read.mark", room=room, seq=gone["seq"])
    assert [x["seq"] for x in (answer, edited, reaction, slip, gone, read)] == [2, 3, 4, 5, 6, 6]
    rows = await one_log(stack, room, asking, answering)
    kinds = [kind for _, kind, _ in rows]
    assert kinds == ["message.posted", "message.posted", "message.edited", "reaction.added", "message.posted", "message.retracted"]
    assert await until(lambda: any(e["kind"] == "read.marked" and e["data"] == {"room": room, "seq": 6} for e in asking.events.get(camille.personal, [])))
    assert nadia.personal not in answering.events
    return room


async def test_ask_answer_edit_retract_react_read(pair: Stack, nodes: tuple[Node, Node], cast: dict[str, Someone]) -> None:
    a, b = nodes
    async with sockets((a, cast["camille"]), (b, cast["nadia"])) as (asking, answering):
        room = await conversation(pair, asking, answering)
        state = (await http(b, cast["nadia"], "GET", f"/api/v1/rooms/{room}/messages")).json()
        assert state["as_of"]["seq"] == 6
        assert [(m["body"], m["withheld"], m["edited_seq"]) for m in state["messages"]] == [
            ("Lésion pigmentée, que feriez-vous ?", None, None),
            ("Exérèse, sans attendre.", None, 3),
            (None, "retracted", None),
        ]
        assert state["messages"][1]["reactions"]["thanks"] == 1 and state["messages"][1]["mine"] == []
        # A third device comes late: a replay brings the same log, with content as it stands now.
        late = await Socket.open(b, cast["camille"])
        ok = await late.enter(room, {"epoch": asking.epochs[room], "seq": 0})
        assert ok["mode"] == "replay"
        assert await until(lambda: late.tip(room) == 6)
        assert late.log(room) == asking.log(room)
        by_http = {e["seq"]: e for e in (await http(a, cast["camille"], "GET", f"/api/v1/rooms/{room}/events")).json()["events"]}
        assert {e["seq"]: e for e in late.events[room]} == by_http
        assert [late.events[room][i]["data"]["withheld"] for i in (0, 1, 2, 4)] == [None, "superseded", None, "retracted"]
        await late.close()


async def test_signed_in_by_password(pair: Stack, nodes: tuple[Node, Node], cast: dict[str, Someone]) -> None:
    """The whole way in, as a phone goes it: password, session token, ticket, hello. A ticket opens one socket only."""
    answer, token = await sign_in(nodes[0], "camille")
    assert answer.status_code == 200 and token
    camille = Someone("camille", cast["camille"].id, cast["camille"].personal, token)
    one = await Socket.open(nodes[1], camille)
    assert one.hello["me"]["id"] == str(camille.id) and one.hello["personal"]["room"] == camille.personal
    await one.close()
    ticket = (await http(nodes[0], camille, "POST", "/api/v1/tickets")).json()["ticket"]
    first, second = await Socket.knock(nodes[0], camille), await Socket.knock(nodes[1], camille)
    await first.call("hello", protocols=[1], client="paths/1", ticket=ticket)
    second_answer = await second.start("hello", protocols=[1], client="paths/1", ticket=ticket)
    assert await second.close_code(RIGHTS_S) == 4006
    assert getattr(second_answer.exception(), "code", None) == "ticket.unknown"
    await first.close()
