"""From an event to the browser: who is woken and why, checked again just before, sent at least once and shown once."""

from __future__ import annotations

import asyncio
import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from consult.cases import actions as acting
from consult.cases.models import Case
from consult.clinicians.models import Person
from consult.push import actions, fates
from consult.push.delivery import LONGEST_S, Delivery, _pause, settle
from consult.push.models import Device, Notice, Wishes
from consult.rooms import waking
from consult.rooms.actions import changes, conversations, membership, reading
from consult.rooms.commands.messages import MentionAt
from consult.rooms.models import Followup, Membership, Role
from consult.standing.models import Standing
from consult.worker import Worker
from tests import people
from tests.cases import helpers as cases
from tests.live import wait_for
from tests.push.services import Service
from tests.rooms.helpers import at_once, group, joined, post

pytestmark = pytest.mark.django_db(transaction=True)


def device(service: Service, person: Person, name: str | None = None) -> uuid.UUID:
    name = name or person.given_name
    return actions.register(person_id=person.pk, session_key=people.session_of(person), courier="web", address=service.browser(name).address(), label="", locale="fr")


def due() -> dict[str, str]:
    """First name -> reason of what waits, after the outbox was expanded."""
    while waking.expand():
        pass
    names = dict(Person.objects.values_list("pk", "given_name"))
    return {names[n.person_id]: n.reason for n in Notice.objects.order_by("seq")}


def deliver() -> None:
    """What the worker does with what is due, to the end of one batch."""

    async def carry() -> None:
        delivery.couriers = couriers = actions.configured()
        await asyncio.gather(*[delivery._carry(one) for one in todo.wakes])
        await couriers["web"].close()

    delivery = Delivery(dict.fromkeys(("web",)), still_due=waking.still_due, badges=waking.badges)  # type: ignore[arg-type]
    todo = delivery.take()
    asyncio.run(carry())
    settle(delivery.finished)


def conversation(*who: Person) -> uuid.UUID:
    return uuid.UUID(conversations.open(person_id=who[0].pk, client_id=uuid.uuid4(), people=[p.pk for p in who[1:]], title="Suite" if len(who) > 2 else "")["room"])


def mentions(body: str, person: Person) -> list[MentionAt]:
    return [MentionAt(person=str(person.pk), start=0, length=len(body))]


@pytest.fixture
def ward(service: Service) -> tuple[uuid.UUID, Person, Person, Person]:
    """A group of three, each with a browser that can be woken."""
    nadia, idris, camille = people.nadia(), people.idris(), people.camille()
    for person in (nadia, idris, camille):
        device(service, person)
    return joined(group(), nadia, idris, camille), nadia, idris, camille


Ward = tuple[uuid.UUID, Person, Person, Person]


def test_plain_talk_in_a_group_wakes_nobody_and_leaves_no_row(ward: Ward) -> None:
    room, nadia, *_ = ward
    post(room, nadia, "Bonjour à tous")
    assert not Followup.objects.exists() and due() == {}


def test_a_mention_a_reply_and_a_room_one_hears_all_of(ward: Ward) -> None:
    room, nadia, idris, camille = ward
    post(room, nadia, "@Idris", mentions=mentions("@Idris", idris))
    assert due() == {"Idris": "mention"}
    Notice.objects.all().delete()
    first = post(room, camille, "Une question de dose")
    post(room, nadia, "10 mg", reply_to=first["message"])
    assert due() == {"Camille": "reply"}
    Notice.objects.all().delete()
    membership.set_notices(person_id=idris.pk, room_id=room, level="all")
    post(room, nadia, "Merci")
    assert due() == {"Idris": "message"}
    Notice.objects.all().delete()
    membership.set_notices(person_id=idris.pk, room_id=room, level=None)
    post(room, nadia, "De rien")
    assert due() == {}


def test_a_notice_whose_device_is_gone_is_dropped_when_it_is_due(ward: Ward, caplog: pytest.LogCaptureFixture) -> None:
    room, nadia, idris, camille = ward
    both = "@Idris @Camille"
    post(room, nadia, both, mentions=[MentionAt(person=str(idris.pk), start=0, length=6), MentionAt(person=str(camille.pk), start=7, length=8)])
    assert due() == {"Idris": "mention", "Camille": "mention"}
    with connection.cursor() as cursor:  # not by the models, which take the notices along
        cursor.execute("DELETE FROM push_device WHERE person_id = %s", [idris.pk])
    todo = Delivery(dict.fromkeys(("web",)), still_due=waking.still_due, badges=waking.badges).take()  # type: ignore[arg-type]
    assert [w.notice.person_id for w in todo.wakes] == [camille.pk]
    assert set(Notice.objects.values_list("person_id", flat=True)) == {camille.pk} and not caplog.records


def test_a_conversation_wakes_the_others_never_the_author(ward: Ward) -> None:
    _, nadia, idris, _camille = ward
    room = conversation(nadia, idris)
    post(room, nadia, "Disponible ?")
    assert due() == {"Idris": "direct"}


def test_a_case_wakes_the_group_then_asker_and_followers(ward: Ward) -> None:
    room, nadia, _idris, camille = ward
    case = cases.ask(camille, group=room)["room"]
    assert due() == {"Nadia": "group_question", "Idris": "group_question"}
    Notice.objects.all().delete()
    post(case, nadia, "Corticoïde")
    cases.settle()
    assert due() == {"Camille": "my_case"}
    Notice.objects.all().delete()
    post(case, camille, "Merci, et la dose ?")
    assert due() == {"Nadia": "followed_case"}
    Notice.objects.all().delete()
    cases.ask(camille, group=room, urgency="hour")
    assert due() == {"Nadia": "urgent", "Idris": "urgent"} and all(Notice.objects.values_list("urgent", flat=True))


def test_who_wrote_a_message_is_not_woken_when_a_moderator_turns_it_into_a_case(ward: Ward) -> None:
    room, nadia, idris, _camille = ward
    told = post(room, nadia, "Plaque du mollet, avis ?")
    Membership.objects.filter(room_id=room, person=idris).update(role=Role.MODERATOR)
    acting.turn(person_id=idris.pk, client_id=uuid.uuid4(), message_id=uuid.UUID(told["message"]), title="Plaque", specialty="SM15", urgency="week")
    assert due() == {"Camille": "group_question"}


def test_a_question_to_groups_without_a_card_wakes_their_members_once(ward: Ward) -> None:
    room, nadia, idris, camille = ward
    other = joined(group("CAR", "Cardiologie"), nadia, idris)
    cases.ask(camille, groups=[room, other])
    assert due() == {"Nadia": "group_question", "Idris": "group_question"} and Notice.objects.count() == 2
    Notice.objects.all().delete()
    cases.ask(camille, group=room, groups=[other])  # who has the card is not told a second time by the case
    assert due() == {"Nadia": "group_question", "Idris": "group_question"} and Notice.objects.count() == 2
    Notice.objects.all().delete()
    membership.set_notices(person_id=nadia.pk, room_id=other, level="none")
    cases.ask(camille, groups=[other], urgency="hour")
    assert due() == {"Idris": "urgent"}, "who silenced the group hears of no question to it"


def test_notices_that_fail_hold_up_no_case_and_no_other_event(ward: Ward, service: Service) -> None:
    """An event that cannot be expanded is given up; what follows it is told and counted all the same."""
    _room, nadia, idris, camille = ward
    talk, case = conversation(nadia, idris), cases.ask(camille, everyone=True)["room"]
    with connection.cursor() as cursor:  # a fault that lies with one event
        cursor.execute(f"CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.room_id = '{talk}' THEN RAISE data_exception; END IF; RETURN NEW; END $$")
        cursor.execute("CREATE TRIGGER planted BEFORE INSERT ON push_notice FOR EACH ROW EXECUTE FUNCTION planted()")
    try:
        post(talk, nadia, "Lu ?")
        post(case, nadia, "Mycose")
        worker = Worker()
        for _ in range(6):
            worker.step()
        assert {n.reason for n in Notice.objects.filter(room_id=case)} == {"my_case"}
        assert Case.objects.get(room_id=case).answers == 1 and not Followup.objects.exists()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER planted ON push_notice; DROP FUNCTION planted()")


def test_an_edit_wakes_whom_it_mentions_anew(ward: Ward) -> None:
    room, nadia, idris, _ = ward
    told = post(room, nadia, "@Idris", mentions=mentions("@Idris", idris))
    due()
    Notice.objects.all().delete()
    edit = changes.Edit(room, nadia.pk, told["message"], told["seq"], "@Camille", mentions("@Camille", people.camille()))
    changes.edit(edit)
    assert due() == {"Camille": "mention"}


def test_levels_wishes_and_reading_keep_a_reason_from_waking(ward: Ward) -> None:
    room, nadia, idris, camille = ward
    membership.set_notices(person_id=idris.pk, room_id=room, level="none")
    Wishes.objects.create(person=camille, off=["mention"])
    for person in (idris, camille):
        post(room, nadia, "@x", mentions=mentions("@x", person))
    assert due() == {}
    talk = conversation(nadia, idris)
    seq = post(talk, nadia, "Lu ?")["seq"]
    reading.mark(reading.Mark(talk, idris.pk, seq))
    assert due() == {}, "read on another device before the outbox was looked at"


def test_who_may_not_read_is_not_woken(ward: Ward) -> None:
    _room, nadia, idris, camille = ward
    talk = conversation(nadia, idris, camille)
    Standing.objects.filter(person_id=camille.pk).update(suspended_until=timezone.now() + timedelta(days=1))
    post(talk, nadia, "Suite")
    assert due() == {"Idris": "direct"}


def test_many_workers_expand_each_event_once(ward: Ward, service: Service) -> None:
    _, nadia, idris, _ = ward
    device(service, idris, "phone")
    talk = conversation(nadia, idris)
    for n in range(30):
        post(talk, nadia, f"{n}")
    at_once(*[lambda: [waking.expand() for _ in range(4)] for _ in range(4)])
    assert Notice.objects.count() == 60 and not Followup.objects.exists()


def test_a_case_is_counted_and_told_of_whoever_comes_first(ward: Ward) -> None:
    room, nadia, _, camille = ward
    for wake_first in (True, False):
        case = cases.ask(camille, group=room)["room"]
        post(case, nadia, "Mycose")
        if wake_first:
            while waking.expand():
                pass
        cases.settle()
        assert Notice.objects.filter(room_id=case).exists() is wake_first
        while waking.expand():
            pass
        assert Notice.objects.filter(room_id=case, reason="my_case").count() == 1 and not Followup.objects.exists()


# --- sending -----------------------------------------------------------------


def test_it_arrives_with_an_absolute_badge_and_is_then_forgotten(ward: Ward, service: Service) -> None:
    room, nadia, idris, _ = ward
    talk = conversation(nadia, idris)
    post(talk, nadia, "Un")
    last = post(talk, nadia, "PLANTED-WORD deux")
    post(room, nadia, "@Idris", mentions=mentions("@Idris", idris))
    due()
    deliver()
    sent = {p["room"]: p for p in service.payloads("Idris")}
    assert sent[str(talk)] == {"v": 1, "room": str(talk), "seq": last["seq"], "reason": "direct", "badge": 2} and sent[str(room)]["reason"] == "mention"
    assert len(service.got) == 2, "two messages of one room are one wake-up"
    assert not Notice.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(n)::text FROM push_notice n")
        assert "PLANTED" not in repr(cursor.fetchall()) and "PLANTED" not in repr(service.got)


@pytest.mark.parametrize("what", ["read", "retracted", "removed", "suspended", "session", "subscription", "left", "muted", "wish", "unmentioned"])
def test_what_happened_meanwhile_is_seen_before_it_is_sent(ward: Ward, service: Service, what: str) -> None:
    room, nadia, idris, _ = ward
    told = post(room, nadia, "@Idris", mentions=mentions("@Idris", idris))
    assert due() == {"Idris": "mention"}
    if what == "read":
        reading.mark(reading.Mark(room, idris.pk, told["seq"]))
    elif what == "retracted":
        changes.retract(changes.Retraction(room, nadia.pk, told["message"]))
    elif what == "removed":
        Membership.objects.filter(room_id=room, person_id=nadia.pk).update(role=Role.OWNER)
        membership.remove(person_id=nadia.pk, room_id=room, member=idris.pk)
    elif what == "suspended":
        Standing.objects.filter(person_id=idris.pk).update(suspended_until=timezone.now() + timedelta(days=1))
    elif what == "session":
        Session.objects.all().delete()
    elif what == "subscription":  # it ran out before the worker has forgotten it
        Device.objects.filter(person=idris).update(expires_at=timezone.now() - timedelta(seconds=1))
    elif what == "left":
        membership.leave(person_id=idris.pk, room_id=room)
    elif what == "muted":
        membership.set_notices(person_id=idris.pk, room_id=room, level="none")
    elif what == "wish":
        Wishes.objects.create(person=idris, off=["mention"])
    else:
        changes.edit(changes.Edit(room, nadia.pk, told["message"], told["seq"], "Personne", []))
    deliver()
    assert service.asked == [] and not Notice.objects.exists()
    assert Device.objects.filter(person=idris).exists() is (what not in ("session", "subscription")), "a device lives no longer than its session and its subscription"


def test_quiet_hours_hold_it_until_they_end(ward: Ward, service: Service) -> None:
    room, nadia, idris, camille = ward
    local = timezone.localtime(timezone.now(), timezone.get_fixed_timezone(0))
    Wishes.objects.create(person=idris, quiet_from=(local - timedelta(hours=1)).time(), quiet_to=(local + timedelta(hours=1)).time(), zone="UTC")
    post(conversation(nadia, idris), nadia, "Demain ?")
    due()
    deliver()
    held = Notice.objects.get()
    assert service.asked == [] and timedelta(minutes=59) < held.due_at - timezone.now() < timedelta(minutes=61) and held.tries == 0
    cases.ask(camille, group=room, urgency="hour")
    Wishes.objects.filter(person=idris).update(urgent_passes=True)
    due()
    deliver()
    assert [p["reason"] for p in service.payloads("Idris")] == ["urgent"]
    Notice.objects.update(due_at=timezone.now())
    Wishes.objects.filter(person=idris).update(quiet_from=None, quiet_to=None)
    deliver()
    assert [p["reason"] for p in service.payloads("Idris")] == ["urgent", "direct"]


def test_what_the_push_service_says_decides(ward: Ward, service: Service) -> None:
    _, nadia, idris, _ = ward
    talk = conversation(nadia, idris)

    def one(answer: Any) -> None:
        service.answers["Idris"] = [answer]
        post(talk, nadia, f"{answer}")
        due()
        Notice.objects.update(due_at=timezone.now())
        deliver()

    one(503)
    again = Notice.objects.get()
    assert again.tries == 1 and timezone.now() < again.due_at < timezone.now() + timedelta(seconds=4)
    service.retry_after = "120"
    one(429)
    assert Notice.objects.get().due_at > timezone.now() + timedelta(seconds=100)
    Notice.objects.all().delete()
    one(413)
    assert not Notice.objects.exists() and Device.objects.filter(person=idris, refused=0).exists()
    for n in (1, 2):
        one(403)
        assert Device.objects.get(person=idris).refused == n
    one(201)
    assert Device.objects.get(person=idris).refused == 0, "three in a row, not three in a life"
    one(403)
    one(403)
    one(403)
    assert not Device.objects.filter(person=idris).exists()
    device(service, idris)
    one(410)
    assert not Device.objects.filter(person=idris).exists() and not Notice.objects.exists()


def test_an_older_one_that_waited_does_not_replace_a_newer_one(ward: Ward, service: Service) -> None:
    _, nadia, idris, _ = ward
    talk = conversation(nadia, idris)
    service.answers["Idris"] = [503, 201]
    seqs = []
    for body in ("Un", "Deux"):
        seqs.append(post(talk, nadia, body)["seq"])
        due()
        deliver()
    Notice.objects.update(due_at=timezone.now())
    deliver()
    assert [p["seq"] for p in service.payloads("Idris")] == seqs[1:] and not Notice.objects.exists()
    assert fates.counted() == {("web", "temporary"): 1, ("web", "sent"): 1, ("web", "skipped"): 1}


def test_what_quiet_hours_held_does_not_replace_what_passed_them(ward: Ward, service: Service) -> None:
    room, nadia, idris, camille = ward
    local = timezone.localtime(timezone.now(), timezone.get_fixed_timezone(0))
    Wishes.objects.create(person=idris, quiet_from=(local - timedelta(hours=1)).time(), quiet_to=(local + timedelta(hours=1)).time(), zone="UTC")
    post(room, nadia, "@Idris", mentions=mentions("@Idris", idris))
    due()
    deliver()
    assert Notice.objects.count() == 1 and service.asked == []
    cases.ask(camille, group=room, urgency="hour")
    due()
    Notice.objects.exclude(person_id=idris.pk).delete()
    deliver()
    Notice.objects.update(due_at=timezone.now())
    Wishes.objects.update(quiet_from=None, quiet_to=None)
    deliver()
    assert [p["reason"] for p in service.payloads("Idris")] == ["urgent"] and not Notice.objects.exists()


def test_a_newer_one_is_as_urgent_as_those_it_stands_for(ward: Ward, service: Service) -> None:
    """Also when it is tried again within quiet hours: the urgent one itself is gone by then."""
    room, nadia, idris, camille = ward
    membership.set_notices(person_id=idris.pk, room_id=room, level="all")
    cases.ask(camille, group=room, urgency="hour")
    seq = post(room, nadia, "Je regarde")["seq"]
    due()
    Notice.objects.exclude(person_id=idris.pk).delete()
    assert sorted(Notice.objects.values_list("reason", "urgent")) == [("message", False), ("urgent", True)]
    service.answers["Idris"] = [503]
    deliver()
    Notice.objects.update(due_at=timezone.now())
    local = timezone.localtime(timezone.now(), timezone.get_fixed_timezone(0))
    Wishes.objects.create(person=idris, quiet_from=(local - timedelta(hours=1)).time(), quiet_to=(local + timedelta(hours=1)).time(), zone="UTC")
    deliver()
    [(_, payload, headers, _)] = service.got
    assert (payload["seq"], headers["Urgency"]) == (seq, "high")


def test_a_zone_that_this_machine_does_not_know_keeps_nobody_waiting(ward: Ward, service: Service) -> None:
    _, nadia, idris, camille = ward
    Wishes.objects.create(person=idris, quiet_from="00:00", quiet_to="23:59", zone="Mars/Olympus")
    for person in (idris, camille):
        post(conversation(nadia, person), nadia, "Lu ?")
    due()
    deliver()
    assert service.asked.count("Camille") == 1 and Notice.objects.exclude(person_id=idris.pk).count() == 0


def test_the_level_mentions_is_of_mentions_answers_and_questions(ward: Ward) -> None:
    room, nadia, idris, camille = ward
    membership.set_notices(person_id=idris.pk, room_id=room, level="mentions")
    membership.set_notices(person_id=camille.pk, room_id=room, level="none")
    first = post(room, idris, "Une question de dose")
    told = [
        lambda: post(room, nadia, "Bonjour"),
        lambda: post(room, nadia, "@Idris", mentions=mentions("@Idris", idris)),
        lambda: post(room, nadia, "10 mg", reply_to=first["message"]),
        lambda: cases.ask(nadia, group=room),
        lambda: cases.ask(nadia, group=room, urgency="hour"),
        lambda: cases.ask(nadia, groups=[room]),
    ]
    heard = []
    for tell in told:
        tell()
        heard.append(due())
        Notice.objects.all().delete()
    assert heard == [{}, *({"Idris": reason} for reason in ("mention", "reply", "group_question", "urgent", "group_question"))]


def test_a_case_asked_of_a_person_wakes_that_person(ward: Ward, service: Service) -> None:
    _, nadia, idris, _ = ward
    seq = cases.ask(nadia, people=[idris.pk])["seq"]
    assert due() == {"Idris": "direct"}
    deliver()
    assert [(p["seq"], p["reason"]) for p in service.payloads("Idris")] == [(seq, "direct")]


def test_the_pause_doubles_is_spread_and_has_an_end() -> None:
    for tries in range(1, 30):
        longest = min(LONGEST_S, 2.0**tries)
        paused = [_pause(tries, 0.0) for _ in range(50)]
        assert longest / 2 <= min(paused) < max(paused) <= longest
    assert _pause(1, 120.0) == 120.0 and _pause(30, LONGEST_S + 1) == LONGEST_S + 1, "no sooner than the push service asked"


def test_what_is_left_of_its_time_is_said_to_the_push_service(ward: Ward, service: Service, settings: Any) -> None:
    _, nadia, idris, _ = ward
    post(conversation(nadia, idris), nadia, "Un")
    due()
    Notice.objects.update(at=timezone.now() - timedelta(hours=1))
    deliver()
    [(_, _, headers, _)] = service.got
    assert settings.PUSH_TTL_S - 3600 - 60 <= int(headers["TTL"]) <= settings.PUSH_TTL_S - 3600


def test_a_lease_that_ended_is_sent_again_and_two_workers_do_not_send_one(ward: Ward, service: Service) -> None:
    _, nadia, idris, _ = ward
    post(conversation(nadia, idris), nadia, "Un")
    due()
    killed = Delivery(actions.configured(), still_due=waking.still_due, badges=waking.badges)
    assert len(killed.take().wakes) == 1  # and then nothing: the worker was killed
    deliver()
    assert service.asked == [], "leased by another"
    Notice.objects.update(due_at=timezone.now())
    deliver()
    assert service.asked == ["Idris"]


def test_what_became_of_them_is_counted(ward: Ward, service: Service, settings: Any) -> None:
    _, nadia, idris, _ = ward
    talk, other = conversation(nadia, idris), conversation(nadia, idris, people.camille())
    service.answers["Idris"] = [201, 503, 400, 201, 403, 410]
    for what in range(4):
        post(talk, nadia, f"{what}")
        due()
        Notice.objects.exclude(device__person=idris).delete()
        deliver()
        Notice.objects.update(due_at=timezone.now())
    assert fates.counted() == {("web", "sent"): 2, ("web", "temporary"): 1, ("web", "refused"): 1, ("web", "skipped"): 1}, (
        "one that waited for a later try was stood for by a newer one"
    )
    settings.PUSH_TTL_S = 60
    post(other, nadia, "Vieux")
    due()
    Notice.objects.exclude(device__person=idris).delete()
    Notice.objects.update(at=timezone.now() - timedelta(minutes=2))
    deliver()
    for _ in range(2):
        post(other, nadia, "Non")
        due()
        Notice.objects.exclude(device__person=idris).delete()
        deliver()
    assert fates.counted() == {("web", "sent"): 2, ("web", "temporary"): 1, ("web", "refused"): 1, ("web", "skipped"): 1, ("web", "expired"): 1, ("web", "dead"): 2}


def test_what_is_too_old_is_not_sent(ward: Ward, service: Service, settings: Any) -> None:
    _, nadia, idris, _ = ward
    post(conversation(nadia, idris), nadia, "Un")
    due()
    Notice.objects.update(at=timezone.now() - timedelta(seconds=settings.PUSH_TTL_S + 1))
    deliver()
    assert service.asked == [] and not Notice.objects.exists()


def test_the_worker_brings_it_and_a_push_service_that_hangs_holds_up_nobody(ward: Ward, service: Service) -> None:
    _, nadia, idris, camille = ward
    worker = Worker()
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        service.answers["Idris"] = ["hang"]
        post(conversation(nadia, idris), nadia, "Un")
        post(conversation(nadia, camille), nadia, "Deux")
        assert wait_for(lambda: service.payloads("Camille") != []) and service.asked.count("Idris") == 1 and not service.payloads("Idris")
        assert wait_for(lambda: not Notice.objects.filter(device__person=camille).exists())
        assert wait_for(lambda: service.payloads("Idris") != []), "tried again"
    finally:
        worker.stop()
        thread.join(10)
    assert not thread.is_alive()


def test_a_test_push_arrives(ward: Ward, service: Service) -> None:
    from tests.rooms.helpers import Phone

    nadia = Phone(people.nadia())
    id = Device.objects.get(person=people.nadia()).pk
    assert nadia.post(f"/devices/{id}/test", {}).status_code == 200
    assert Phone(people.idris()).post(f"/devices/{id}/test", {}).json()["code"] == "device.not_found"
    deliver()
    assert [p["reason"] for p in service.payloads("Nadia")] == ["test"]
