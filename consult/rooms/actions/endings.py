"""What has an end and has come to it: the worker reverses it, as a moderator would, by nobody. What ends by the clock (Act.BY_THE_CLOCK) needs none of this."""

from __future__ import annotations

import logging

from django.db import connection

from consult.database import away
from consult.errors import Refusal
from consult.rooms.actions import tools
from consult.rooms.models import Act

logger = logging.getLogger("consult.worker")
BATCH = 100

# In the words of the index `acts_that_end`.
_DUE = """
SELECT id FROM rooms_act WHERE until IS NOT NULL AND reversed_at IS NULL AND NOT kind IN ('member.silence', 'person.suspend') AND until <= now()
ORDER BY until LIMIT %s"""


def end_due() -> int:
    """Reverses what is due, each in a transaction of its own; says how many. One that fails keeps no other from its end, and is tried again.

    Raises what a database that is away raises.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DUE, (BATCH,))
        due = [id for (id,) in cursor.fetchall()]
    for act in Act.objects.filter(pk__in=due).order_by("until"):
        try:
            tools.use(tools.reversing(act, checked=True))
        except Refusal:  # its object is gone, or holds words that nobody has read since: from now on only a person ends it
            Act.objects.filter(pk=act.pk, reversed_at=None).update(until=None)
        except Exception as error:
            if away(error):
                raise
            logger.exception("a measure was not ended", extra={"act": str(act.pk)})
    return len(due)
