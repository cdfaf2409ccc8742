"""Pictures, and what the clock asks for: digests, forgetting what nobody will ask for again."""

from __future__ import annotations

import uuid

from django.contrib.sessions.backends.db import SessionStore

from consult.jobs import running
from consult.jobs.declared import every, job
from consult.push import actions as push
from consult.rooms import digest, identifying, pictures
from consult.standing import changes, tickets


@every("* * * * *", "digest")
def write_digests() -> None:
    """To everyone whose period has ended."""
    while digest.run_once():
        running.heed()


@every("* * * * *", "purge")
def purge() -> None:
    """Expired tickets and sessions, the devices of sessions that ended, changes of rights that every process has read, old decisions about identifiers, jobs of long ago."""
    tickets.purge()
    SessionStore.clear_expired()
    push.purge()
    changes.purge(1)
    identifying.purge()
    running.forget()


@job("picture", tries=3)
def work_on_picture(image: str) -> None:
    """One upload to clean pixels."""
    pictures.work(uuid.UUID(image))


@every("*/5 * * * *", "pictures")
def sweep_pictures() -> None:
    """Uploads that were given up, pictures that no message took, files that a killed worker left."""
    pictures.sweep()
