"""What tests of rooms share: logs as lists, HTTP by a phone, several people acting at the same moment."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import orjson
from django.db import connection
from django.test import Client

from consult.clinicians.models import Person
from consult.errors import Refusal
from consult.rooms import entering, log, wire
from consult.rooms.actions import groups, membership, messages, personal
from consult.rooms.actions.posts import Post
from tests import people


def group(code: str = "DER", title: str = "Dermatologie") -> uuid.UUID:
    return groups.ensure_group(code=code, title=title)


def joined(room: uuid.UUID, *who: Person) -> uuid.UUID:
    for person in who:
        membership.join(person_id=person.pk, room_id=room)
    return room


def events(room: uuid.UUID) -> list[dict[str, Any]]:
    """The room's whole log, as a reader gets it; fails on a hole."""
    head = log.heads_of([room])[room][1]
    found = [orjson.loads(f.text) for f in log.frames_of([(room, 0, head)]).get(room, [])]
    assert [e["seq"] for e in found] == list(range(1, head + 1))
    return found


def enters(person: Person, *asks: entering.Ask, first: uuid.UUID | None = None, budget: int | None = None) -> list[entering.Answer]:
    return entering.read([entering.Visit(person.pk, asks, first, budget)])[0]


def missed(entry: entering.Entry) -> list[wire.Frame]:
    """What is replayed to who enters like this."""
    return log.frames_of([(entry.room, entry.low, entry.seq)]).get(entry.room, [])


def kinds(room: uuid.UUID) -> list[str]:
    return [e["kind"] for e in events(room)]


def personal_events(person: Person) -> list[tuple[str, dict[str, Any]]]:
    return [(e["kind"], e["data"]) for e in events(personal.room_of(person.pk))]


def post(room: uuid.UUID, person: Person, body: str, **more: Any) -> dict[str, Any]:
    """One post, outside the lanes and their rate."""
    answer = messages.post_many([Post(room, person.pk, uuid.uuid4(), body, charged=True, **more)])[0]
    if isinstance(answer, Refusal):
        raise answer
    return answer


class Phone:
    """One person's app over HTTP."""

    def __init__(self, person: Person) -> None:
        self.client, self.headers = Client(), people.as_app(person)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1{path}", query, headers=self.headers)

    def post(self, path: str, body: Any) -> Any:
        return self.client.post(f"/api/v1{path}", orjson.dumps(body), content_type="application/json", headers=self.headers)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Runs these at the same moment, each on a thread with its own connection; what each returned or raised."""
    barrier, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(n: int) -> None:
        try:
            barrier.wait()
            results[n] = acts[n]()
        except Exception as error:
            results[n] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
