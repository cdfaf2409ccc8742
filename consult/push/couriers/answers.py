"""What the HTTP answers of push services have in common: classes of status, and Retry-After."""

from __future__ import annotations

import email.utils
import time

import httpx

from consult.push.couriers import Fate, Outcome

TIMEOUT = httpx.Timeout(10, connect=5)
LONGEST_WAIT_S = 3600.0


def fate(status: int, retry_after: str = "", why: str = "") -> Outcome:
    """By status alone (RFC 8030, sections 5 to 8; FCM and APNs agree where they say nothing closer)."""
    why = why or str(status)
    if 200 <= status < 300:
        return Outcome(Fate.TAKEN, why)
    if status in (404, 410):
        return Outcome(Fate.GONE, why)
    if status in (401, 403):
        return Outcome(Fate.FORBIDDEN, why)
    if status in (408, 429) or status >= 500:
        return Outcome(Fate.LATER, why, wait_of(retry_after))
    return Outcome(Fate.REJECTED, why)


def wait_of(retry_after: str) -> float:
    """Seconds of a Retry-After header, which may be a date; bounded."""
    if retry_after.isdigit():
        return min(float(retry_after), LONGEST_WAIT_S)
    try:
        when = email.utils.parsedate_to_datetime(retry_after)
    except (TypeError, ValueError):
        return 0.0
    return min(max(0.0, when.timestamp() - time.time()), LONGEST_WAIT_S)
