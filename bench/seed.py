"""Fills the bench's database: people who can sign in, and rooms that all of them belong to. Ids are numbered, so that pgbench can name them."""

from __future__ import annotations

import os
import sys

PASSWORD = "correct-horse-battery"
PEOPLE = 20
ROOMS = 200  # and room 0, the hot one
SWEPT = 10_000  # rooms of the sweep: 500 for each of the people


def room_id(k: int) -> str:
    return f"00000000-0000-4000-8000-{k:012d}"


def person_id(k: int) -> str:
    return f"00000000-0000-4000-9000-{k:012d}"


def email(k: int) -> str:
    return f"bench{k}@example.org"


def swept(k: int) -> list[str]:
    """The rooms of the sweep that person k is in."""
    each = SWEPT // PEOPLE
    return [room_id(1_000_000 + k * each + i) for i in range(each)]


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consult.settings")
    import django

    django.setup()
    from django.contrib.auth.hashers import make_password
    from django.db import connection, transaction

    from consult.clinicians.models import Person
    from consult.rooms.models import Membership, Room
    from consult.standing.models import Standing, Verification

    if Person.objects.filter(pk=person_id(0)).exists():
        return
    secret = make_password(PASSWORD)
    with transaction.atomic():
        for k in range(PEOPLE):
            Person(id=person_id(k), email=email(k), password=secret, title="Dr", given_name=f"Banc {k}", family_name="Essai", profession="10", specialty="SM54").save()
        Standing.objects.filter(person_id__in=[person_id(k) for k in range(PEOPLE)]).update(verification=Verification.VERIFIED, register="bench")
        shared = [room_id(k) for k in range(ROOMS + 1)]
        own = {k: swept(k) for k in range(PEOPLE)}
        Room.objects.bulk_create([Room(id=r, kind="group", title="Banc") for r in shared + [r for rooms in own.values() for r in rooms]], batch_size=1000)
        pairs = [(r, k) for k in range(PEOPLE) for r in shared + own[k]]
        Membership.objects.bulk_create([Membership(room_id=r, person_id=person_id(k)) for r, k in pairs], batch_size=1000)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_bare (id bigserial PRIMARY KEY, body text NOT NULL)")
        cursor.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    sys.exit(main())
