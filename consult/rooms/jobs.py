"""What the clock asks for: digests, and forgetting what nobody will ask for again."""

from __future__ import annotations

from django.contrib.sessions.backends.db import SessionStore

from consult.jobs import running
from consult.jobs.declared import every
from consult.push import actions as push
from consult.rooms import digest
from consult.standing import changes, tickets


@every("* * * * *", "digest")
def write_digests() -> None:
    """To everyone whose period has ended."""
    while digest.run_once():
        running.heed()


@every("* * * * *", "purge")
def purge() -> None:
    """Expired tickets and sessions, the devices of sessions that ended, changes of rights that every process has read, jobs of long ago."""
    tickets.purge()
    SessionStore.clear_expired()
    push.purge()
    changes.purge(1)
    running.forget()
