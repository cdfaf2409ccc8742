"""The secret that unlocks what a device keeps of a person: given to that person's sessions alone, and destroyed by a wipe."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction
from django.utils import timezone

from consult.audit.models import record
from consult.errors import Refusal

from .models import Standing, Vault

MOST = 50  # of one person; the one opened longest ago makes room
NAMED = 60  # characters of a label

# One statement, so that two tabs that open the same new vault at once hold the same secret.
_OPEN = """
INSERT INTO standing_vault AS v (id, person_id, secret, session_key, label, made_at, opened_at)
VALUES (%(id)s, %(person)s, %(secret)s, %(session)s, %(label)s, now(), now())
ON CONFLICT (id) DO UPDATE SET opened_at = excluded.opened_at,
    session_key = CASE WHEN v.wiped_at IS NULL THEN excluded.session_key ELSE v.session_key END,
    label = excluded.label
    WHERE v.person_id = excluded.person_id
RETURNING v.secret, v.xmax = 0  -- of a row that was updated it is the updating transaction
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """`secret` is 32 bytes; `made` where the server did not know this vault before."""

    secret: bytes
    made: bool


def open_vault(*, vault_id: uuid.UUID, person_id: uuid.UUID, session_key: str, label: str = "") -> Opened:
    """The secret of a vault for a session of its person; a new id makes a new vault.

    Raises Refusal account.suspended, vault.not_found (somebody else's), vault.wiped.
    """
    if Standing.objects.filter(person_id=person_id, suspended_until__gt=timezone.now()).exists():
        raise Refusal("account.suspended")
    told = "".join(c for c in label if c.isprintable())[:NAMED]
    values: dict[str, Any] = {"id": vault_id, "person": person_id, "secret": secrets.token_bytes(32), "session": session_key, "label": told}
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_OPEN, values)
            row = cursor.fetchone()
        if row is None:
            raise Refusal("vault.not_found")
        if row[0] is None:
            raise Refusal("vault.wiped")
        if row[1]:
            surplus = Vault.objects.filter(person_id=person_id).order_by("-opened_at").values_list("pk", flat=True)[MOST:]
            Vault.objects.filter(pk__in=list(surplus)).delete()
    return Opened(bytes(row[0]), row[1])


def mine(*, person_id: uuid.UUID, session_key: str) -> list[dict[str, Any]]:
    """The vaults of a person that were not wiped, the latest opened first."""
    held = Vault.objects.filter(person_id=person_id, wiped_at=None).order_by("-opened_at")
    return [{"vault": str(v.pk), "label": v.label, "opened_at": v.opened_at, "this": v.session_key == session_key} for v in held]


def wipe(*, vault_id: uuid.UUID, person_id: uuid.UUID) -> None:
    """Destroys the secret, for ever, and ends the session that opened the vault last. A second time changes nothing.

    Raises Refusal vault.not_found.
    """
    with transaction.atomic():
        vault = Vault.objects.select_for_update().filter(pk=vault_id, person_id=person_id).first()
        if vault is None:
            raise Refusal("vault.not_found")
        if vault.wiped_at is not None:
            return
        ends = vault.session_key
        vault.secret, vault.wiped_at, vault.session_key = None, timezone.now(), ""
        vault.save(update_fields=["secret", "wiped_at", "session_key"])
        SessionStore(ends).delete()
        record(act="vault.wiped", person=person_id, object=str(vault_id))


def wiped_at(vault_id: uuid.UUID) -> datetime | None:
    """When it was wiped: what a device without a session may ask, by an id that it alone knows."""
    return Vault.objects.filter(pk=vault_id).values_list("wiped_at", flat=True).first()
