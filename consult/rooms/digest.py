"""The digest by e-mail, for who has no device that a push could wake: how many rooms wait, and a link. Never a word of what they say.

Claimed before it is sent, by the row that says when the last one was: two workers, or one that is killed, send at most one a period.
"""

from __future__ import annotations

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import connection, transaction

from consult.rooms import access, lists

logger = logging.getLogger("consult.push")
BATCH = 50

# Due: a period after the last one (or after joining), with something unread that came since. Nobody is told twice of the same.
_CLAIM = f"""
WITH due AS MATERIALIZED (
    SELECT p.id, p.email, p.locale, coalesce(w.digest, 'daily') AS digest, count(*) AS rooms,
           count(*) FILTER (WHERE EXISTS (SELECT FROM rooms_mention n WHERE n.person_id = p.id AND n.room_id = r.id AND n.seq > coalesce(k.seq, 0))) AS mentioned
    FROM (
        SELECT p.* FROM clinicians_person p LEFT JOIN push_wishes w ON w.person_id = p.id
        WHERE p.is_active AND NOT EXISTS (SELECT FROM push_device d WHERE d.person_id = p.id)
        AND coalesce(w.digested_at, p.joined_at) < now() - CASE coalesce(w.digest, 'daily') WHEN 'hourly' THEN interval '1 hour' WHEN 'daily' THEN interval '1 day' END
        AND EXISTS (SELECT FROM rooms_membership m JOIN rooms_room r ON r.id = m.room_id
                    WHERE m.person_id = p.id AND m.ended IS NULL AND r.last_at > coalesce(w.digested_at, p.joined_at))
        ORDER BY p.id LIMIT %s
    ) p
    JOIN standing_standing s ON s.person_id = p.id LEFT JOIN push_wishes w ON w.person_id = p.id
    JOIN rooms_membership m ON m.person_id = p.id AND m.ended IS NULL JOIN rooms_room r ON r.id = m.room_id AND r.kind <> 'personal'
    LEFT JOIN rooms_readmark k ON k.room_id = r.id AND k.person_id = p.id
    {lists.SINCE}
    WHERE coalesce(m.notices, '') <> 'none' AND {access.READABLE} AND {lists.UNREAD} > 0 GROUP BY p.id, p.email, p.locale, w.digest
), claimed AS (
    INSERT INTO push_wishes AS w (person_id, off, zone, urgent_passes, digest, digested_at) SELECT id, '{{}}', 'Europe/Paris', true, digest, now() FROM due
    ON CONFLICT (person_id) DO UPDATE SET digested_at = now()
    WHERE w.digested_at IS NULL OR w.digested_at < now() - CASE w.digest WHEN 'hourly' THEN interval '1 hour' WHEN 'daily' THEN interval '1 day' END
    RETURNING person_id
)
SELECT due.email, due.locale, due.rooms, due.mentioned FROM due JOIN claimed ON claimed.person_id = due.id"""

WORDS = {
    "fr": (
        "Consult : {rooms} salle(s) à lire",
        "{rooms} salle(s) avec des messages non lus, dont {mentioned} où l’on vous cite.\n\n{link}\n\nPour changer la fréquence ou arrêter : {link}me\n",
    ),
    "en": (
        "Consult: {rooms} room(s) to read",
        "{rooms} room(s) with unread messages; you are mentioned in {mentioned} of them.\n\n{link}\n\nTo change how often, or to stop: {link}me\n",
    ),
}


def send() -> int:
    """Sends what is due, up to BATCH mails; how many. A mail that cannot be sent is not tried again before the next period."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CLAIM, (BATCH,))
        due = cursor.fetchall()
    link = f"{'http' if settings.LOCAL else 'https'}://{settings.ALLOWED_HOSTS[0]}/"
    for email, locale, rooms, mentioned in due:
        subject, body = WORDS.get(locale, WORDS["fr"])
        try:
            send_mail(subject.format(rooms=rooms), body.format(rooms=rooms, mentioned=mentioned, link=link), None, [email])
        except (OSError, SMTPException) as error:
            logger.warning("a digest was not sent", extra={"why": type(error).__name__})
    return len(due)
