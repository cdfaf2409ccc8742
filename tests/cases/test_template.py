"""The template of a question, and who would read it, told before it is posted."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consult.cases.models import Case, Template
from consult.rooms.actions import changes
from tests import people
from tests.cases.helpers import QUESTION, ask, sheet
from tests.rooms.helpers import Phone, group, joined

pytestmark = pytest.mark.django_db(transaction=True)

WHOLE = {"age_band": "65-79", "sex": "f", "history": "Diabète de type 2.", "done": "Prélèvement mycologique.", "feared": "Un mélanome."}


def body(**more: Any) -> dict[str, Any]:
    return {"id": people.some_id(), "title": "Plaque du mollet", "question": QUESTION, "specialty": "SM15", "urgency": "week", "everyone": True, **more}


def test_a_question_with_its_template_and_consent() -> None:
    camille, nadia = people.camille(), people.nadia()
    asked = body(template=WHOLE, consent={"told": ["withdrawal", "advice"], "recorded": "oral"})
    answer = Phone(camille).post("/cases", asked)
    assert answer.status_code == 201 and Phone(camille).post("/cases", asked).status_code == 200
    assert Phone(camille).post("/cases", {**asked, "template": {**WHOLE, "sex": "m"}}).json()["code"] == "request.id_reused"
    shown = sheet(nadia, answer.json()["room"])
    assert shown["template"] == WHOLE and shown["audience"] == {"groups": [], "people": 0, "everyone": True}
    consent = shown["consent"]
    assert consent == {"told": ["advice", "withdrawal"], "recorded": "oral", "at": consent["at"], "withdrawn_at": None}
    changes.retract(changes.Retraction(Case.objects.get().room_id, camille.pk, shown["question"]["message"]))
    assert sheet(nadia, answer.json()["room"])["template"] is None


def test_all_of_it_is_optional() -> None:
    room = Phone(people.camille()).post("/cases", body(template={"history": " Asthme. "})).json()["room"]
    assert sheet(people.nadia(), room)["template"] == {"age_band": None, "sex": None, "history": "Asthme.", "done": None, "feared": None}
    plain = Phone(people.camille()).post("/cases", body(template={})).json()["room"]
    assert sheet(people.nadia(), plain)["template"] is None and sheet(people.nadia(), plain)["consent"] is None


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"template": {"age_band": "34"}}, ["age_band"]),
        ({"template": {"sex": "z", "done": "x" * 2001}}, ["done", "sex"]),
        ({"template": {"more": "x"}}, ["more"]),
        ({"consent": {"told": [], "recorded": "oral"}}, ["told"]),
        ({"consent": {"told": ["advice", "x"], "recorded": "sms"}}, ["recorded", "told"]),
    ],
)
def test_what_is_refused_leaves_nothing(wrong: dict[str, Any], fields: list[str]) -> None:
    answer = Phone(people.camille()).post("/cases", body(**wrong))
    assert (answer.json()["code"], answer.json()["fields"]) == ("frame.invalid", fields)
    assert not Case.objects.exists() and not Template.objects.exists()


def test_who_would_read_it() -> None:
    camille, nadia, idris, soizic = people.camille(), people.nadia(), people.idris(), people.soizic()
    people.unverified()
    der, car = joined(group(), camille, nadia, idris), joined(group("CAR", "Cardiologie"), nadia)
    phone = Phone(camille)

    def preview(**asked: Any) -> Any:
        return phone.post("/cases/audience", asked).json()

    seen = preview(group=str(der), groups=[str(car)], people=[str(soizic.pk)])
    assert seen["count"] == 3 and not seen["everyone"], "Nadia is in both groups and counts once, the asker does not"
    assert [(g["title"], g["code"], g["members"]) for g in seen["groups"]] == [("Cardiologie", "CAR", 1), ("Dermatologie", "DER", 3)]
    assert [p["id"] for p in seen["people"]] == [str(soizic.pk)]
    assert preview(everyone=True)["count"] == 3, "nobody who is not verified"
    assert preview()["code"] == "case.audience" and preview(groups=["x"])["code"] == "room.not_found"
    assert preview(people=[str(people.unverified().pk)])["code"] == "person.not_found"
    assert Phone(people.unverified()).post("/cases/audience", {"everyone": True}).json()["code"] == "account.unverified"
    # What is told is what happens.
    room = ask(camille, group=der, groups=[car], people=[soizic.pk])["room"]
    readers = [p for p in (camille, nadia, idris, soizic) if Phone(p).get(f"/cases/{room}").status_code == 200]
    assert len(readers) - 1 == 3


def test_a_preview_costs_the_same_for_many_groups() -> None:
    phone = Phone(people.camille())

    def cost(groups: list[str]) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert phone.post("/cases/audience", {"groups": groups}).status_code == 200
        return len(seen)

    many = [str(group(f"G{n}", f"Groupe {n}")) for n in range(8)]
    assert cost(many[:1]) == cost(many)
