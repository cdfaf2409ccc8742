"""Nobody reverses an act that is theirs, by its command or by its id: whom it was done to, whose message or picture it is."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from consult.cases.models import Case
from consult.clinicians.models import Person
from consult.images.models import Image, State
from consult.rooms.actions import tools
from consult.rooms.models import Act, Membership, Message, PictureVeil, Remit
from tests import people
from tests.cases.helpers import ask
from tests.rooms.actions.test_visits import order, refused
from tests.rooms.helpers import Phone, group, joined, kinds, post

pytestmark = pytest.mark.django_db(transaction=True)


def one_of_them() -> Person:
    """Dr Camille Aubrac, who moderates everywhere, too."""
    camille = people.camille()
    Remit.objects.create(person=camille)
    return camille


def stands(act: str, room: uuid.UUID, mine: Person, kind: str | None = None, **asked: Any) -> None:
    """Its party undoes it neither by its id nor by its command; the log and the act stay as they were; another moderator may."""
    before = kinds(room)
    by_hand = Phone(mine).post(f"/moderation/acts/{act}/undo", {"id": str(uuid.uuid4()), "reason": "la mienne"})
    assert (by_hand.status_code, by_hand.json()["code"]) == (403, "moderation.party")
    if kind:
        assert refused(tools.use, order(kind, room, mine, **asked)) == "moderation.party"
    assert kinds(room) == before and Act.objects.get(pk=act).reversed_at is None
    assert "unchanged" not in tools.undo(act_id=uuid.UUID(act), person_id=people.person("second", moderator=True).pk, client_id=uuid.uuid4())


@pytest.mark.parametrize(("kind", "back", "more"), [("member.silence", "member.unsilence", {"seconds": 3600}), ("member.remove", "member.readmit", {})])
def test_a_moderator_who_was_sanctioned_does_not_lift_it(kind: str, back: str, more: dict[str, Any]) -> None:
    camille, sacha = one_of_them(), people.moderator()
    room = joined(group(), camille, people.nadia())
    act = tools.use(order(kind, room, sacha, person=str(camille.pk), **more))["act"]
    stands(act, room, camille, back, person=str(camille.pk))
    row = Membership.objects.get(room_id=room, person=camille)
    assert (row.silenced_until, row.ended) == (None, None)


def test_a_member_lifts_no_sanction_either() -> None:
    nadia, sacha = people.nadia(), people.moderator()
    room = joined(group(), nadia)
    act = tools.use(order("member.silence", room, sacha, person=str(nadia.pk), seconds=3600))["act"]
    assert refused(tools.use, order("member.unsilence", room, nadia, person=str(nadia.pk))) == "moderation.remit"
    assert refused(tools.undo, act_id=uuid.UUID(act), person_id=nadia.pk, client_id=uuid.uuid4()) == "moderation.remit"


def test_who_is_suspended_does_not_lift_it() -> None:
    from consult.rooms.actions import suspension

    camille, sacha = one_of_them(), people.moderator()
    act = suspension.suspend(person_id=sacha.pk, client_id=uuid.uuid4(), target=camille.pk, seconds=3600, reason="x")["act"]
    assert refused(tools.undo, act_id=uuid.UUID(act), person_id=camille.pk, client_id=uuid.uuid4()) == "account.suspended"


@pytest.mark.parametrize("kind", ["image.hide", "image.ask_mask"])
def test_the_author_of_a_picture_does_not_unveil_it(kind: str) -> None:
    camille, sacha = one_of_them(), people.moderator()
    room = joined(group(), camille)
    image = Image.objects.create(owner=camille, client_id=uuid.uuid4(), size=1, state=State.READY, folder="f", expires_at=timezone.now() + timedelta(hours=1)).pk
    message = post(room, camille, "Un cliché", images=[str(image)])["message"]
    act = tools.use(order(kind, room, sacha, message=message, image=str(image)))["act"]
    stands(act, room, camille, "image.restore", message=message, image=str(image))
    assert not PictureVeil.objects.exists()


def test_the_author_of_a_message_does_not_show_it_again() -> None:
    camille, sacha = one_of_them(), people.moderator()
    room = joined(group(), camille)
    message = post(room, camille, "mots")["message"]
    act = tools.use(order("message.hide", room, sacha, message=message))["act"]
    stands(act, room, camille, "message.restore", message=message)
    assert Message.objects.get(pk=message).withheld is None


def test_the_author_of_a_thread_does_not_bring_it_back() -> None:
    camille, sacha = one_of_them(), people.moderator()
    here, there = joined(group(), camille), group("CAR", "Cardiologie")
    message = post(here, camille, "Un ECG")["message"]
    act = tools.use(order("thread.move", here, sacha, message=message, to=str(there)))["act"]
    stands(act, here, camille)
    assert Message.objects.get(pk=message).withheld is None


def test_the_asker_brings_back_no_case_and_parts_none() -> None:
    camille, sacha, nadia = one_of_them(), people.moderator(), people.nadia()
    here, there = joined(group(), camille, nadia), group("CAR", "Cardiologie")
    mine, theirs = ask(camille, group=here)["room"], ask(nadia, group=here, title="La même")["room"]
    moved = tools.use(order("case.move", mine, sacha, to=str(there)))["act"]
    stands(moved, mine, camille)
    for case, into in ((mine, theirs), (theirs, mine)):  # of either of the two
        merged = tools.use(order("case.merge", case, sacha, into=str(into)))["act"]
        stands(merged, case, camille)
    assert not Case.objects.exclude(merged_into=None).exists()
