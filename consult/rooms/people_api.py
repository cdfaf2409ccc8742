"""The HTTP door to oneself and to the directory: here, not in clinicians, because it names personal rooms and readers."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from consult.clinicians import directory
from consult.clinicians.actions import require_verified, status_of, update_profile
from consult.clinicians.cards import full_card
from consult.clinicians.models import Person
from consult.clinicians.shapes import MeAnswer, People, ProfileChange
from consult.cursors import next_url
from consult.locale import locale_of
from consult.rooms import log
from consult.rooms.access import READABLE, may_read, room_id
from consult.rooms.actions import personal, suspension
from consult.rooms.models import Remit
from consult.standing.models import Standing
from consult.who import person_of

router = Router(tags=["people"])

# Only those who may read room r now: the one rule of access.py, asked for every p of the list.
READERS = f"""EXISTS (SELECT 1 FROM rooms_room r LEFT JOIN rooms_membership m ON m.room_id = r.id AND m.person_id = p.id
                      WHERE r.id = %s AND {READABLE})"""


@router.get("/me", response=MeAnswer, by_alias=True, summary="Who I am, and where my personal room is")
def me(request: HttpRequest) -> Any:
    return _me(request)


@router.patch("/me", response=MeAnswer, by_alias=True, summary="Change my profile; checked fields send a verified person back to pending")
def change_me(request: HttpRequest, body: ProfileChange) -> Any:
    status = update_profile(person_id=person_of(request), changes=body.model_dump(exclude_unset=True))
    if status is not None:
        personal.tell(person_id=person_of(request), kind="verification.decided", data={"status": status})
    return _me(request)


@router.get("/people", response=People, by_alias=True, summary="The directory of verified clinicians; `room` leaves those who may read it")
def people(request: HttpRequest, q: str = "", room: str = "", cursor: str = "", limit: int = 50) -> Any:
    require_verified(request.user)
    within, params = "TRUE", []
    if room:
        id = room_id(room)
        may_read(person=person_of(request), room=id)
        within, params = READERS, [id]
    locale, limit = locale_of(request), max(1, min(limit, 200))
    found, last = directory.search(q=q, cursor=cursor, limit=limit, within=within, params=params, locale=locale)
    return {"people": found, "next": next_url(request.path, directory.KIND, last, q=q, room=room, limit=limit)}


def _remit(person: Person) -> str | None:
    places = [group or specialty for group, specialty in Remit.objects.filter(person_id=person.pk).values_list("group_id", "specialty_id")]
    return "all" if None in places else "some" if places else None


def _me(request: HttpRequest) -> dict[str, Any]:
    person = Person.objects.get(pk=person_of(request))
    standing = Standing.objects.get(person_id=person.pk)
    more = {
        "title": person.title,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "email": person.email,
        "roles": ["clinician", *(["moderator"] if standing.moderator else []), *(["administrator"] if person.is_staff else [])],
        "verification": status_of(standing),
        "locale": person.locale,
        "mod": standing.moderator,
        "remit": _remit(person) if standing.moderator else None,
    }
    return {
        "me": {**full_card(person, locale_of(request)), **more},
        "personal": {"room": str(personal.room_of(person.pk))},
        "suspension": suspension.shown(standing, log.utc_now()),
    }
