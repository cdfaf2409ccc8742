"""Pages of history come from a streaming replica that knows all the primary does, and from the primary whenever it does not."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.live import Node, Someone, Stack, wait_for
from tests.scale.conftest import Replica, thaw

pytestmark = pytest.mark.slow
READS = "consult_replica_reads_total"
REST_S = 1.0


class Reader:
    """One clinician's app over HTTP on one node, which counts where its pages came from."""

    def __init__(self, node: Node, who: Someone) -> None:
        self.node, self.who = node, who
        self.http = httpx.Client(base_url=node.base, headers=who.headers, trust_env=False, timeout=20)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(f"/api/v1{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, room: str, body: str) -> dict[str, Any]:
        answer = self.http.post(f"/api/v1/rooms/{room}/messages", json={"id": str(uuid.uuid4()), "body": body})
        assert answer.status_code == 201, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def bodies(self, room: str) -> list[Any]:
        """The same from both kinds of pages."""
        events = [e["data"]["body"] for e in self.get(f"/rooms/{room}/events")["events"] if e["kind"] == "message.posted"]
        assert events == [m["body"] for m in self.get(f"/rooms/{room}/messages")["messages"]]
        return events

    def outcomes(self) -> dict[str, float]:
        return {outcome: self.node.figure(READS, outcome=outcome) for outcome in ("served", "behind", "failed", "resting")}

    def served(self) -> float:
        return self.outcomes()["served"]


@pytest.fixture
def node(stack: Stack, replica: Replica) -> Node:
    """A server that may read from the replica, once that has the database and has been asked."""
    assert wait_for(lambda: replica.has(stack.database))
    return stack.node(env={"REPLICA_URL": replica.url(stack.database)})


@pytest.fixture
def camille(node: Node, cast: dict[str, Someone]) -> Iterator[Reader]:
    reader = Reader(node, cast["camille"])
    yield reader
    reader.http.close()


@pytest.fixture
def room(stack: Stack, camille: Reader, cast: dict[str, Someone]) -> str:
    """A room whose pages the replica has begun to serve."""
    made = stack.room(cast["camille"], cast["nadia"])
    camille.post(made, "Une lésion pigmentée")
    settle(camille, made)
    return made


def settle(reader: Reader, room: str) -> None:
    before = reader.served()

    def came() -> bool:
        reader.bodies(room)
        return reader.served() > before

    assert wait_for(came), reader.outcomes()


def test_pages_come_from_the_replica(stack: Stack, replica: Replica, camille: Reader, room: str) -> None:
    for n in range(5):
        camille.post(room, f"post {n}")
    settle(camille, room)
    before = camille.outcomes()
    head = camille.get(f"/rooms/{room}/events")["head"]
    assert [e["seq"] for e in camille.get(f"/rooms/{room}/events", before=4)["events"]] == [1, 2, 3]
    assert [m["seq"] for m in camille.get(f"/rooms/{room}/messages", after=4)["messages"]] == [5, 6]
    assert camille.get(f"/rooms/{room}/messages", around=3)["as_of"]["seq"] == head == 6
    assert [hit["seq"] for hit in camille.get("/search", q="lésions")["hits"]] == [1]
    assert camille.outcomes() == {**before, "served": before["served"] + 5}
    # And it is not only we who say so.
    asked = "SELECT coalesce(sum(idx_scan), 0) FROM pg_stat_user_tables WHERE relname = 'rooms_event'"
    assert wait_for(lambda: replica.ask(asked, stack.database) > 0)


def test_whoever_wrote_reads_it(camille: Reader, room: str) -> None:
    """Each post is on the next page, though it has to travel; the replica's part of them is more than none."""
    before = camille.served()
    posted = ["Une lésion pigmentée"]
    for n in range(60):
        posted.append(f"post {n}")
        seq = camille.post(room, posted[-1])["seq"]
        page = camille.get(f"/rooms/{room}/events", after=seq - 1)
        assert page["head"] >= seq and [e["data"]["body"] for e in page["events"]] == [posted[-1]]
    assert camille.bodies(room) == posted
    assert camille.served() > before, camille.outcomes()


def test_a_replica_that_lags_is_passed_over(replica: Replica, camille: Reader, room: str) -> None:
    replica.pause()
    before = camille.outcomes()
    camille.post(room, "while it sleeps")
    assert camille.bodies(room) == ["Une lésion pigmentée", "while it sleeps"]
    assert [hit["seq"] for hit in camille.get("/search", q="sleeps")["hits"]] == [2]
    after = camille.outcomes()
    assert after["behind"] > before["behind"] and after["served"] == before["served"]
    replica.resume()
    settle(camille, room)
    assert camille.bodies(room) == ["Une lésion pigmentée", "while it sleeps"]


def test_what_is_withheld_is_never_unsaid(stack: Stack, replica: Replica, camille: Reader, room: str, cast: dict[str, Someone]) -> None:
    """A retraction, and a name that changed outside of any room's log, hold on the next page however far the replica is behind."""
    from tests.live import Socket  # a retraction goes over the socket alone

    async def retract(message: str) -> None:
        socket = await Socket.open(camille.node, cast["camille"])
        await socket.call("message.retract", room=room, message=message)
        await socket.close()

    import asyncio

    message = camille.post(room, "mot-secret")["message"]
    settle(camille, room)
    replica.pause()
    asyncio.run(retract(message))
    time.sleep(REST_S)  # so that the replica is asked, not left alone
    before = camille.outcomes()
    assert camille.bodies(room) == ["Une lésion pigmentée", None]
    assert camille.get("/search", q="secret")["hits"] == []
    assert camille.outcomes()["behind"] > before["behind"]
    replica.resume()
    settle(camille, room)
    assert camille.bodies(room) == ["Une lésion pigmentée", None]

    replica.pause()
    stack.sql("UPDATE clinicians_person SET family_name = 'Nouveau-Nom' WHERE id = %s", cast["camille"].id)
    time.sleep(REST_S)
    assert camille.get(f"/rooms/{room}/messages")["messages"][0]["actor"]["name"].endswith("Nouveau-Nom")
    replica.resume()


def test_rights_are_the_primarys(stack: Stack, replica: Replica, node: Node, camille: Reader, room: str, cast: dict[str, Someone]) -> None:
    nadia = Reader(node, cast["nadia"])
    settle(nadia, room)
    assert [hit["seq"] for hit in nadia.get("/search", q="lésion")["hits"]] == [1]
    stack.sql("UPDATE rooms_membership SET ended = 'removed' WHERE room_id = %s AND person_id = %s", room, nadia.who.id)
    assert nadia.http.get(f"/api/v1/rooms/{room}/events").status_code == 404
    assert nadia.get("/search", q="lésion")["hits"] == []


def test_killed_and_back(replica: Replica, camille: Reader, room: str) -> None:
    replica.kill()
    camille.post(room, "without a replica")
    assert camille.bodies(room) == ["Une lésion pigmentée", "without a replica"]
    assert camille.outcomes()["failed"] > 0
    assert httpx.get(f"{camille.node.base}/readyz", trust_env=False).status_code == 200
    replica.start()
    settle(camille, room)


def test_frozen(replica: Replica, camille: Reader, room: str) -> None:
    """A page waits at most REPLICA_WAIT_S, and most of them not at all; no thread is left waiting, so the server ends when asked."""
    camille.post(room, "newest")
    settle(camille, room)
    pids = replica.freeze()
    try:
        time.sleep(REST_S)
        before = camille.outcomes()
        for _ in range(12):
            assert camille.bodies(room) == ["Une lésion pigmentée", "newest"]
            time.sleep(0.3)
        after = camille.outcomes()
        assert after["failed"] > before["failed"] and after["resting"] > before["resting"] and after["served"] == before["served"]
    finally:
        thaw(pids)
    settle(camille, room)
    pids = replica.freeze()
    try:
        time.sleep(REST_S)
        assert camille.bodies(room) == ["Une lésion pigmentée", "newest"]
        camille.http.close()
        camille.node.term()
        assert wait_for(lambda: not camille.node.child.alive(), 20), "a thread still waits for the replica"
    finally:
        thaw(pids)


def test_another_database_is_no_replica(stack: Stack, replica: Replica, cast: dict[str, Someone]) -> None:
    """The primary itself, and a database with other epochs: neither is believed."""
    room = stack.room(cast["camille"])
    for url in (stack.services.url(stack.database), replica.url("paths")):
        reader = Reader(stack.node(env={"REPLICA_URL": url}), cast["camille"])
        reader.post(room, "here")
        assert len(reader.bodies(room)) >= 1
        assert reader.served() == 0 and reader.outcomes()["behind"] > 0
