"""Faults of rights, and of what is read later."""

from __future__ import annotations

import threading
import uuid
from typing import Any

from bench.chaos.planted.table import One, fault


@fault("forget-a-revocation", "changes of rights are read and not applied to open sockets", breaks="revoked")
def _forget_a_revocation() -> None:
    from consult.rooms.rights import Watch

    async def forgets(self: Watch, found: Any) -> None:
        return None

    Watch._apply = forgets  # type: ignore[method-assign]


@fault("remember-a-right", "a right that was once read is never read again", breaks="revoked")
def _remember_a_right() -> None:
    from consult.rooms import access

    granted, known = access.granted, {}

    def remembered(pairs: Any, rows: Any) -> Any:
        found = {**granted(pairs, rows), **{pair: known[pair] for pair in pairs if pair in known}}
        known.update({pair: grant for pair, grant in found.items() if isinstance(grant, access.Grant)})
        return found

    access.granted = remembered


@fault("leave-out-of-a-page", "one member's page of the log lacks an event", breaks="differing logs")
def _leave_out_of_a_page() -> None:
    from consult.rooms import access, log

    may_read, page, chosen, reader = access.may_read, log.page, One(), threading.local()

    def noted(*, person: uuid.UUID, room: uuid.UUID) -> Any:
        reader.person = person
        return may_read(person=person, room=room)

    def lacking(**kwargs: Any) -> Any:
        made = page(**kwargs)
        if chosen(reader.person):
            del made["events"][1:2]
        return made

    access.may_read, log.page = noted, lacking


@fault("show-the-retracted", "words that were retracted are served to whoever reads later", breaks="words")
def _show_the_retracted() -> None:
    from consult.rooms import wire

    data = wire._data
    wire._data = lambda row, message: data(row._replace(withheld=None), message)
