"""The words by which a case is found: its title, question and template, as one search vector on its row.

What is withheld is not in it. A search asks the question's message as well, so that what was just withheld is not found before the worker comes by.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db import connection

_INDEX = """
UPDATE cases_case c SET words = x.words, pictures = x.pictures FROM (
    SELECT k.room_id, CASE WHEN q.withheld IS NULL THEN to_tsvector('consult_french', concat_ws(' ', r.title, q.body, t.history, t.done, t.feared)) END AS words,
           (SELECT coalesce(sum(cardinality(m.images)), 0) FROM rooms_message m WHERE m.room_id = k.room_id AND m.withheld IS NULL) AS pictures
    FROM cases_case k JOIN rooms_room r ON r.id = k.room_id JOIN rooms_message q ON q.id = k.question_id LEFT JOIN cases_template t ON t.case_id = k.room_id
    WHERE k.room_id = ANY(%s)
) x WHERE c.room_id = x.room_id AND (c.words IS DISTINCT FROM x.words OR c.pictures <> x.pictures)"""


def index(rooms: Sequence[uuid.UUID]) -> None:
    """Writes the words and the number of pictures of these cases anew where they changed, as they stand in this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_INDEX, (list(rooms),))
