"""The digest by e-mail: for who has no device that a push can wake, how much is unread since the last one. Counts and one link.

It says no word of a message, no name and no title. A period ends on the hour, or at seven on the clock of the person's zone;
`run_once` claims people in one transaction and writes to them after it, so nobody gets two mails for one period, whatever dies in between.
"""

from __future__ import annotations

import logging
import smtplib
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import connection, transaction

from consult.push import actions, sealed, wishes
from consult.push.models import Device, Wishes
from consult.rooms import access, lists
from consult.standing import sessions

logger = logging.getLogger("consult.mail")
PEOPLE = 100  # a transaction
SEVEN = 7  # the hour of a daily digest
LOCK = 0x64696765  # one worker at a time claims people: the next one sees what it claimed

_ZONES = "SELECT DISTINCT zone FROM push_wishes"
# Whose period ended since their last digest, or since they joined. From now on they have had this one.
_CLAIM = f"""
WITH ended AS (SELECT * FROM unnest(%(zones)s::text[], %(digests)s::text[], %(ends)s::timestamptz[]) AS t(zone, digest, at)),
mine AS MATERIALIZED (
    SELECT p.id, coalesce(w.digested_at, p.joined_at) AS since FROM clinicians_person p JOIN standing_standing s ON s.person_id = p.id
    LEFT JOIN push_wishes w ON w.person_id = p.id JOIN ended ON ended.zone = coalesce(w.zone, %(zone)s) AND ended.digest = coalesce(w.digest, %(digest)s)
    WHERE coalesce(w.digested_at, p.joined_at) < ended.at AND {access.STANDING} LIMIT %(people)s
), kept AS (
    INSERT INTO push_wishes (person_id, off, zone, urgent_passes, digest, digested_at) SELECT id, '{{}}', %(zone)s, true, %(digest)s, %(now)s FROM mine
    ON CONFLICT (person_id) DO UPDATE SET digested_at = excluded.digested_at
)
SELECT id, since FROM mine"""
_COUNTS = f"""
SELECT p.id, p.email, p.locale, count(*) FILTER (WHERE r.kind = 'private'), count(*) FILTER (WHERE r.kind = 'case'), count(*) FILTER (WHERE r.kind = 'group'),
       coalesce(sum((SELECT count(*) FROM rooms_mention n WHERE n.person_id = p.id AND n.room_id = r.id AND n.seq > coalesce(k.seq, 0))), 0)
FROM unnest(%s::uuid[], %s::timestamptz[]) AS q(person, since)
JOIN clinicians_person p ON p.id = q.person JOIN standing_standing s ON s.person_id = p.id
JOIN rooms_membership m ON m.person_id = p.id AND m.ended IS NULL AND m.notices IS DISTINCT FROM 'none'
JOIN rooms_room r ON r.id = m.room_id AND r.kind <> 'personal' AND r.last_at > q.since
LEFT JOIN rooms_readmark k ON k.room_id = r.id AND k.person_id = p.id
{lists.SINCE}
WHERE {access.READABLE} AND {lists.UNREAD} > 0 GROUP BY p.id"""


class Counts(NamedTuple):
    """Rooms of each kind with something unread, and how often this person was named there."""

    person: uuid.UUID
    email: str
    locale: str
    private: int
    case: int
    group: int
    mentions: int


def run_once(now: datetime | None = None) -> int:
    """Writes to up to PEOPLE people whose period has ended; how many were looked at. 0: nobody is left, or another worker is at it."""
    now = now or datetime.now(UTC)
    since = _claim(now)
    without = set(since) - _with_device(since)
    if without:
        with connection.cursor() as cursor:
            cursor.execute(_COUNTS, (list(without), [since[p] for p in without]))
            found = [Counts(*row) for row in cursor.fetchall()]
        _send(found)
    return len(since)


def _claim(now: datetime) -> dict[uuid.UUID, datetime]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", (LOCK,))
        if not cursor.fetchone()[0]:
            return {}
        cursor.execute(_ZONES)
        defaults = Wishes()
        zones = sorted({defaults.zone, *(zone for (zone,) in cursor.fetchall())})
        ends = [(zone, digest, period_end(digest, zone, now)) for zone in zones for digest in ("hourly", "daily")]
        columns = [list(c) for c in zip(*ends, strict=True)]
        asked: dict[str, Any] = {"zones": columns[0], "digests": columns[1], "ends": columns[2], "zone": defaults.zone, "digest": defaults.digest, "people": PEOPLE, "now": now}
        cursor.execute(_CLAIM, asked)
        return dict(cursor.fetchall())


def period_end(digest: str, zone: str, now: datetime) -> datetime:
    """When the last period ended: the hour, or the last seven o'clock of that zone."""
    if digest == "hourly":
        return now.replace(minute=0, second=0, microsecond=0)
    local = now.astimezone(wishes.zone_of(zone))
    seven = local.replace(hour=SEVEN, minute=0, second=0, microsecond=0, fold=0)
    if local.hour < SEVEN:
        seven -= timedelta(days=1)  # on the wall clock: seven exists every day
    return seven.astimezone(UTC)


def _with_device(people: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Who has a device that a push can wake: its courier is on, and its session holds."""
    on = [name for name, how in actions.couriers().items() if how]
    opened = [(d.person_id, sealed.unseal(bytes(d.address))) for d in Device.objects.filter(person_id__in=list(people), courier__in=on)]
    verdicts = sessions.still_valid(a["session"] for _, a in opened if a)
    return {person for person, a in opened if a and verdicts.get(a["session"]) is None}


def _send(found: list[Counts]) -> None:
    if not found:
        return
    mails = [mail(one) for one in found]
    sent = 0
    with get_connection() as line:
        for one in mails:
            try:
                sent += line.send_messages([one]) or 0
            except (OSError, smtplib.SMTPException) as error:  # the next period tells of what is still unread
                logger.warning("digest not sent", extra={"why": type(error).__name__})
    logger.info("digests sent", extra={"count": sent})


_WORDS = {
    "fr": {
        "subject": "Consult : du nouveau pour vous",
        "intro": "Bonjour,\n\nVous avez du nouveau dans Consult :",
        "mentions": ("{n} mention de votre nom", "{n} mentions de votre nom"),
        "private": ("{n} conversation avec du nouveau", "{n} conversations avec du nouveau"),
        "case": ("{n} cas suivi avec du nouveau", "{n} cas suivis avec du nouveau"),
        "group": ("{n} groupe avec du nouveau", "{n} groupes avec du nouveau"),
        "outro": "Pour choisir la fréquence de ces messages : {settings}",
    },
    "en": {
        "subject": "Consult: news for you",
        "intro": "Hello,\n\nThere is news for you in Consult:",
        "mentions": ("you were mentioned once", "you were mentioned {n} times"),
        "private": ("{n} conversation with news", "{n} conversations with news"),
        "case": ("{n} case you follow with news", "{n} cases you follow with news"),
        "group": ("{n} group with news", "{n} groups with news"),
        "outro": "To choose how often you hear of it: {settings}",
    },
}


def mail(one: Counts) -> EmailMessage:
    """The digest of one person, in their language: counts and links, nothing else."""
    words = _WORDS["en" if one.locale == "en" else "fr"]
    lines = [f"- {words[kind][n > 1].format(n=n)}" for kind in ("mentions", "private", "case", "group") if (n := getattr(one, kind))]
    base = public_url()
    body = "\n".join([str(words["intro"]), "", *lines, "", f"{base}/", "", str(words["outro"]).format(settings=f"{base}/me"), ""])
    return EmailMessage(subject=str(words["subject"]), body=body, to=[one.email], headers={"Auto-Submitted": "auto-generated"})


def public_url() -> str:
    """Where links in mails lead."""
    return (settings.PUBLIC_URL or f"https://{settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else 'localhost'}").rstrip("/")
