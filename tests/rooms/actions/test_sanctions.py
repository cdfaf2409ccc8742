"""Silence and removal in a room, suspension from the service: what they do, how they end, and whom they may not touch."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.utils import timezone

from consult.audit.models import Record
from consult.clinicians.models import Person
from consult.errors import Refusal
from consult.rooms import access, entering, record, wire
from consult.rooms.actions import changes, conversations, membership, messages, personal, suspension, tools
from consult.rooms.actions.posts import Post
from consult.rooms.models import Act, Membership, Remit
from consult.standing import actions as standing
from consult.standing.models import Standing
from tests import people
from tests.cases.helpers import ask
from tests.rooms.actions.test_visits import order, refused
from tests.rooms.helpers import Phone, at_once, enters, events, group, joined, kinds, personal_events, post

pytestmark = pytest.mark.django_db(transaction=True)


def silence(room: uuid.UUID, who: Person, whom: Person, seconds: int = 3600, reason: str = "Hors sujet") -> tools.Answer:
    return tools.use(order("member.silence", room, who, reason, person=str(whom.pk), seconds=seconds))


def test_the_silenced_write_nothing_and_read_on_until_they_may_again() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    room = joined(group(), camille, nadia)
    mine, theirs = post(room, nadia, "avant"), post(room, camille, "autre")
    answer = silence(room, sacha, nadia, 3600, "Propos blessants")
    until = events(room)[-1]["data"]["until"]
    assert events(room)[-1]["data"] == {"person": str(nadia.pk), "until": until} and Act.objects.get().until.isoformat(timespec="milliseconds")[:19] == until[:19]
    for act in (
        lambda: post(room, nadia, "après"),
        lambda: changes.edit(changes.Edit(room, nadia.pk, mine["message"], mine["seq"], "changé", charged=True)),
        lambda: changes.react(changes.React(room, nadia.pk, theirs["message"], "agree", True, charged=True)),
    ):
        with pytest.raises(Refusal) as no:
            act()
        assert no.value.code == "room.silenced" and no.value.extra == {"until": until} and not no.value.temporary
    over_http = Phone(nadia).post(f"/rooms/{room}/messages", {"id": str(uuid.uuid4()), "body": "par HTTP"})
    assert (over_http.status_code, over_http.json()["until"]) == (403, until)
    assert Phone(nadia).get(f"/rooms/{room}/messages").status_code == 200
    changes.retract(changes.Retraction(room, nadia.pk, mine["message"]))  # their own words they may take back
    [entry] = enters(nadia, entering.Ask(room, None, 0))
    assert isinstance(entry, entering.Entry) and entry.state["silence_reason"] == "Propos blessants" and entry.state["silenced_until"] == until
    membership.leave(person_id=nadia.pk, room_id=room)
    membership.join(person_id=nadia.pk, room_id=room)
    assert refused(post, room, nadia, "revenue") == "room.silenced", "leaving and joining again ends no silence"
    back = tools.use(order("member.unsilence", room, sacha, person=str(nadia.pk)))
    assert back["act"] == answer["act"] and events(room)[-1]["data"]["until"] is None
    post(room, nadia, "merci")
    assert tools.use(order("member.unsilence", room, sacha, person=str(nadia.pk)))["unchanged"]


def test_durations() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    room = joined(group(), camille, nadia)
    for seconds in (0, 59, 31_536_001, 2**40):
        assert refused(silence, room, sacha, nadia, seconds) == "moderation.duration"
    assert kinds(room) == ["member.joined", "member.joined"] and not Act.objects.exists()
    first = silence(room, sacha, nadia, 60)
    assert silence(room, sacha, nadia, 60)["unchanged"], "as long already"
    longer = silence(room, sacha, nadia, 31_536_000)
    assert longer["act"] != first["act"] and Act.objects.get(pk=first["act"]).reversed_at
    assert silence(room, sacha, nadia, 3600) | {"seq": 0} == {"seq": 0, "act": longer["act"], "unchanged": True, "created": False}
    Membership.objects.filter(room_id=room, person=nadia).update(silenced_until=timezone.now() - timedelta(seconds=1))
    post(room, nadia, "elle est finie")


def test_of_two_moderators_at_once_one_silences() -> None:
    camille, nadia, sacha, other = people.camille(), people.nadia(), people.moderator(), people.person("second", moderator=True)
    room = joined(group(), camille, nadia)
    answers = at_once(*[lambda who=who: silence(room, who, nadia) for who in (sacha, other)])
    assert sum("unchanged" not in a for a in answers) == 1 and kinds(room).count("member.silenced") == 1 and Act.objects.count() == 1


def test_whom_a_moderator_may_not_touch() -> None:
    """Oneself; another moderator or an administrator, without a remit everywhere; who is not there."""
    nadia, idris, camille, soizic, admin = people.nadia(), people.idris(), people.camille(), people.soizic(), people.person("admin", is_staff=True)
    room = joined(group(), nadia, idris, camille, admin)
    for each in (nadia, idris):
        Remit.objects.create(person=each, group_id=room)
    for kind, more in (("member.silence", {"seconds": 60}), ("member.remove", {})):
        codes = [refused(tools.use, order(kind, room, nadia, person=who, **more)) for who in (str(nadia.pk), str(idris.pk), str(admin.pk), str(soizic.pk), str(uuid.uuid4()), "x")]
        assert codes == ["moderation.party", "moderation.remit", "moderation.remit", "person.not_found", "person.not_found", "person.not_found"]
        assert refused(tools.use, order(kind, room, camille, person=str(idris.pk), **more)) == "moderation.remit"
    assert silence(room, people.moderator(), idris)["act"], "whose remit is everywhere may"


def test_removed_and_readmitted_as_what_they_were() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    room = joined(group(), camille, nadia)
    answer = tools.use(order("member.remove", room, sacha, "Publicité", person=str(nadia.pk)))
    assert kinds(room)[-1] == "member.removed" and personal_events(nadia)[-1] == ("room.left", {"room": str(room), "code": "room.removed"})
    assert refused(access.may_read, person=nadia.pk, room=room) == refused(membership.join, person_id=nadia.pk, room_id=room) == "room.not_found"
    assert tools.use(order("member.remove", room, sacha, person=str(nadia.pk)))["unchanged"]
    assert refused(silence, room, sacha, nadia) == "person.not_found"
    back = tools.use(order("member.readmit", room, sacha, "Erreur", person=str(nadia.pk)))
    assert back["act"] == answer["act"] and kinds(room)[-1] == "member.readmitted" and personal_events(nadia)[-1] == ("room.joined", {"room": str(room)})
    post(room, nadia, "me revoici")
    assert tools.use(order("member.readmit", room, sacha, person=str(nadia.pk)))["unchanged"]
    again = tools.use(order("member.remove", room, sacha, person=str(nadia.pk)))
    membership.invite(person_id=_owner(room).pk, client_id=uuid.uuid4(), room_id=room, invitee=nadia.pk)
    assert refused(tools.undo, act_id=uuid.UUID(again["act"]), person_id=sacha.pk, client_id=uuid.uuid4()) == "moderation.gone"


def _owner(room: uuid.UUID) -> Person:
    camille = people.camille()
    Membership.objects.filter(room_id=room, person=camille).update(role="owner")
    return camille


def test_a_case_s_reader_who_is_no_member() -> None:
    camille, soizic, sacha = people.camille(), people.soizic(), people.moderator()
    case = ask(camille)["room"]  # to everyone
    silence(case, sacha, soizic)
    assert refused(post, case, soizic, "non") == "room.silenced" and access.may_read(person=soizic.pk, room=case).role is None
    tools.use(order("member.remove", case, sacha, person=str(soizic.pk)))
    assert refused(access.may_read, person=soizic.pk, room=case) == "room.not_found"
    tools.use(order("member.readmit", case, sacha, person=str(soizic.pk)))
    assert access.may_read(person=soizic.pk, room=case).role is None and ("room.joined", {"room": str(case)}) not in personal_events(soizic)
    assert refused(tools.use, order("member.remove", case, sacha, person=str(camille.pk))) == "member.not_allowed", "the asker keeps their case"


def test_a_duration_in_the_past_is_no_duration() -> None:
    """Through the door: refused as unreadable, and nothing is done."""
    nadia, sacha = people.nadia(), people.moderator()
    room = joined(group(), nadia)
    asked: dict[str, Any] = {"id": str(uuid.uuid4()), "reason": "Hors sujet"}
    silenced = {"type": "member.silence", **asked, "person": str(nadia.pk), "seconds": -1}
    slowed = {"type": "room.slow", **asked, "seconds": -1, "answers_exempt": False}
    doors = [(f"/rooms/{room}/moderation", silenced), (f"/rooms/{room}/moderation", slowed), (f"/moderation/people/{nadia.pk}/suspension", {**asked, "seconds": -1})]
    for path, body in doors:
        answer = Phone(sacha).post(path, body)
        assert (answer.status_code, answer.json()["code"], answer.json()["fields"]) == (400, "frame.invalid", ["seconds"]), path
    assert not Act.objects.exists() and not Membership.objects.filter(silenced_until__isnull=False).exists()


def suspend(by: Person, whom: Person, seconds: int | None = 3600, **more: Any) -> dict[str, Any]:
    return suspension.suspend(person_id=by.pk, client_id=more.pop("id", uuid.uuid4()), target=whom.pk, seconds=seconds, reason="Faux soignant", **more)


def test_suspended_and_lifted_over_http() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    room = joined(group(), camille, nadia)
    phone, path = Phone(sacha), f"/moderation/people/{nadia.pk}/suspension"
    body = {"id": str(uuid.uuid4()), "seconds": 86400, "reason": "Faux soignant"}
    first = phone.post(path, body)
    assert first.status_code == 201 and phone.post(path, body).json() == first.json()
    assert refused(access.may_read, person=nadia.pk, room=room) == "account.suspended"
    assert phone.post(path, {**body, "id": str(uuid.uuid4())}).json() == {"act": first.json()["act"], "unchanged": True}
    act = Act.objects.get()
    assert (act.kind, act.person_id, act.moderator_id, act.room_id) == ("person.suspend", nadia.pk, sacha.pk, None)
    assert list(Record.objects.filter(object=str(nadia.pk)).values_list("act", "person_id", "reason")) == [("standing.suspended", sacha.pk, "Faux soignant")]
    lifted = phone.client.delete(f"/api/v1{path}", {"id": str(uuid.uuid4()), "reason": "Vérifié"}, content_type="application/json", headers=phone.headers)
    assert lifted.status_code == 201 and access.may_read(person=nadia.pk, room=room)
    assert Act.objects.get().reversal_reason == "Vérifié"
    for wrong in ({**body, "seconds": 59}, {**body, "seconds": 31_536_001}):
        assert phone.post(path, {**wrong, "id": str(uuid.uuid4())}).json()["code"] == "moderation.duration"
    for_good = suspend(sacha, nadia, None)
    assert Standing.objects.get(person_id=nadia.pk).suspended_until == suspension.FOR_GOOD
    assert not standing.lapse()
    undone = phone.post(f"/moderation/acts/{for_good['act']}/undo", {"id": str(uuid.uuid4())})
    assert undone.status_code == 201 and Standing.objects.get(person_id=nadia.pk).suspended_until is None


def said_of(room: uuid.UUID) -> list[Any]:
    return [(e["kind"], e["actor"]["id"], e["actor"]["as"], e["data"]) for e in events(room) if e["kind"].startswith("person.")]


def test_a_suspension_is_told_in_the_persons_room_and_where_it_came_from() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    room, other, own = joined(group(), camille, nadia), joined(group("CAR", "Cardiologie"), nadia), personal.room_of(nadia.pk)
    by, person = (str(sacha.pk), "moderator"), {"person": str(nadia.pk)}
    id = uuid.uuid4()
    first = suspend(sacha, nadia, 600, id=id, room_id=room)
    until = wire.time(Act.objects.get().until)  # type: ignore[arg-type]
    suspended = ("person.suspended", *by, {**person, "until": until})
    assert said_of(own) == said_of(room) == [suspended] and said_of(other) == []
    assert suspend(sacha, nadia, 600, id=id, room_id=room)["act"] == first["act"] and refused(suspend, sacha, nadia, 600, id=id) == "request.id_reused"
    assert suspend(sacha, nadia, 600, room_id=room)["unchanged"] and said_of(room) == [suspended], "nothing more was said"
    assert record.of_room(person=camille.pk, room=room, before=None, limit=10)["acts"] == [], "its reason is not the room's"
    suspend(sacha, nadia, None, room_id=other)
    assert said_of(other) == [("person.suspended", *by, {**person, "until": None})] and said_of(room) == [suspended]
    suspension.lift(person_id=sacha.pk, client_id=uuid.uuid4(), target=nadia.pk, reason="Vérifié")
    assert said_of(own)[-1] == said_of(room)[-1] == said_of(other)[-1] == ("person.reinstated", *by, person)
    assert suspension.lift(person_id=sacha.pk, client_id=uuid.uuid4(), target=nadia.pk, reason="encore")["unchanged"]
    assert [len(said_of(r)) for r in (own, room, other)] == [3, 2, 2]


def test_a_suspension_is_told_only_where_one_moderates_and_the_person_was() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    strangers, wrote = joined(group("CAR", "Cardiologie"), camille), joined(group(), camille, nadia)
    private = uuid.UUID(conversations.open(person_id=camille.pk, client_id=uuid.uuid4(), people=[nadia.pk])["room"])
    asked = ask(sacha)["room"]
    for room, code in (
        (strangers, "person.not_found"),
        (private, "room.not_found"),
        (asked, "moderation.party"),
        (personal.room_of(nadia.pk), "room.not_found"),
        (uuid.uuid4(), "room.not_found"),
    ):
        assert refused(suspend, sacha, nadia, room_id=room) == code
    assert refused(suspend, people.person("admin", is_staff=True), nadia, room_id=wrote) == "moderation.remit", (
        "administrators suspend without a word in rooms they do not moderate"
    )
    assert said_of(personal.room_of(nadia.pk)) == [] and not Act.objects.exists()
    post(wrote, nadia, "bonjour")
    membership.leave(person_id=nadia.pk, room_id=wrote)
    suspend(sacha, nadia, room_id=wrote)
    assert len(said_of(wrote)) == 1


def test_who_may_suspend_whom() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    admin = people.person("admin", is_staff=True)
    Remit.objects.create(person=nadia, group_id=group())
    assert [refused(suspend, who, camille) for who in (nadia, people.soizic(), people.unverified())] == ["moderation.remit", "moderation.remit", "account.unverified"]
    assert refused(suspend, sacha, sacha) == refused(suspend, admin, admin) == "moderation.party"
    assert refused(suspend, sacha, admin) == "moderation.last_administrator"
    assert refused(suspension.suspend, person_id=sacha.pk, client_id=uuid.uuid4(), target=uuid.uuid4(), seconds=60, reason="x") == "person.not_found"
    second = people.person("admin2", is_staff=True)
    answers = at_once(lambda: suspend(admin, second), lambda: suspend(second, admin))
    assert sorted(type(a).__name__ for a in answers) == ["Refusal", "dict"], answers
    assert Standing.objects.filter(suspended_until__isnull=False).count() == 1, "one administrator is left"


def test_who_is_suspended_now_with_or_without_an_act() -> None:
    camille, nadia, idris, sacha = people.camille(), people.nadia(), people.idris(), people.moderator()
    until = timezone.now() + timedelta(days=1)
    asked = "/moderation/suspensions"
    assert Phone(sacha).get(asked).json() == {"suspended": [], "next": None}
    first = suspend(sacha, nadia, seconds=3600)
    shorter = suspend(sacha, nadia, seconds=7200)
    suspend(sacha, camille, seconds=None)
    standing.suspend(person_id=idris.pk, until=until, by=None, reason="par commande")
    over = people.tessard()
    Standing.objects.filter(person_id=over.pk).update(suspended_until=timezone.now() - timedelta(seconds=1))
    found = Phone(sacha).get(asked).json()["suspended"]
    assert [(one["person"]["name"], one["until"] is None, one["act"] is None) for one in found] == [
        (access.card(p.pk, p.title, p.given_name, p.family_name, p.profession, p.specialty, p.level)["name"], for_good, by_command)
        for p, for_good, by_command in ((nadia, False, False), (idris, False, True), (camille, True, False))
    ]
    assert found[0]["act"] == shorter["act"] != first["act"] and found[0]["reason"] and found[0]["moderator"]["id"] == str(sacha.pk)
    assert found[1] == {**found[1], "until": wire.time(until), "at": None, "reason": None, "moderator": None}
    pages, page = [], Phone(sacha).get(asked, limit=2).json()
    while True:
        pages.append([one["person"]["id"] for one in page["suspended"]])
        if not page["next"]:
            break
        page = Phone(sacha).client.get(page["next"], headers=people.as_app(sacha)).json()
    assert pages == [[str(nadia.pk), str(idris.pk)], [str(camille.pk)]]
    assert Phone(sacha).get(asked, cursor="x").json()["code"] == "cursor.invalid"
    lifted = Phone(sacha)
    gone = lifted.client.delete(
        f"/api/v1/moderation/people/{idris.pk}/suspension", orjson.dumps({"id": str(uuid.uuid4()), "reason": "vérifié"}), content_type="application/json", headers=lifted.headers
    )
    assert gone.status_code == 201 and [one["person"]["id"] for one in lifted.get(asked).json()["suspended"]] == [str(nadia.pk), str(camille.pk)]


def test_a_burst_into_a_silence() -> None:
    """Nothing that was locked after the silence is written, and everything before it is."""
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    room = joined(group(), camille, nadia)

    def burst() -> list[Any]:
        posts = [Post(room, nadia.pk, uuid.uuid4(), f"n° {n}", charged=True) for n in range(40)]
        return [a for p in posts for a in messages.post_many([p])]

    one, other, silenced = at_once(burst, burst, lambda: silence(room, sacha, nadia))
    log = events(room)
    at = silenced["seq"]
    assert log[at - 1]["kind"] == "member.silenced"
    assert not [e for e in log[at:] if e["kind"] == "message.posted"]
    answers = [*one, *other]
    assert {a.code for a in answers if isinstance(a, Refusal)} <= {"room.silenced"}
    assert sum(isinstance(a, dict) for a in answers) == sum(e["kind"] == "message.posted" for e in log)
