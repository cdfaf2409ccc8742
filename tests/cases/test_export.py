"""A case taken along: on paper and as FHIR, by who may read it, on the record, and withheld where it is withheld."""

from __future__ import annotations

import base64
import io
import uuid
from pathlib import Path
from typing import Any

import orjson
import pytest
from fhir.resources.R4B.bundle import Bundle
from PIL import Image as Pixels
from pypdf import PdfReader

from consult.audit.models import Record
from consult.cases.export import pdf
from consult.images import actions, storage
from consult.images.models import Image, State
from consult.rooms.actions import changes
from consult.rooms.models import Message
from tests import people
from tests.cases.helpers import done, settle
from tests.rooms.helpers import Phone, post

pytestmark = pytest.mark.django_db(transaction=True)


def scene() -> tuple[Any, Any, uuid.UUID, dict[str, Any]]:
    camille, nadia, idris = people.camille(), people.nadia(), people.idris()
    asked = {
        "id": people.some_id(), "title": "Livedo de la cuisse", "question": "Livedo, œdème ≥ 2 cm, anti-TNFα ?", "specialty": "SM15", "urgency": "week", "everyone": True,
        "template": {"age_band": "65-79", "sex": "f", "feared": "Un lymphome <T>"}, "consent": {"told": ["advice"], "recorded": "oral"},
    }  # fmt: skip
    room = uuid.UUID(Phone(camille).post("/cases", asked).json()["room"])
    answer = post(room, nadia, "Biopsie.\nPuis bilan.")
    settle()
    about = {"message": answer["message"], "base": answer["seq"]}
    done(idris, room, "vote.give", **about, vote="agree")
    done(idris, room, "differential.propose", label="Vascularite")
    done(idris, room, "reference.add", message=answer["message"], link="10.1000/182")
    done(camille, room, "answer.accept", **about)
    done(camille, room, "outcome.tell", body="Guérie en trois semaines.", verdict="confirmed")
    return camille, nadia, room, about


def pictured(person: Any, room: uuid.UUID, message: str, folder: Path) -> uuid.UUID:
    """A picture that is ready, in this message; a second one that a moderator would have to look at first."""
    for size in storage.SIZES:
        Pixels.new("RGB", (64, 48), (200, 30, 60)).save(folder / f"{size}.webp")
    ids = [uuid.uuid4(), uuid.uuid4()]
    for id, state in zip(ids, (State.READY, State.HELD), strict=True):
        storage.put(str(id), folder)
        Image.objects.create(
            id=id,
            owner=person,
            client_id=id,
            size=1,
            state=state,
            folder=str(id),
            room_id=room,
            message_id=message,
            description="Plaque ronde, bord net" if state == State.READY else "Jamais dite",
        )
    Message.objects.filter(pk=message).update(images=ids)
    return ids[0]


def text(person: Any, room: uuid.UUID, locale: str = "fr") -> str:
    phone = Phone(person)
    answer = phone.client.get(f"/api/v1/cases/{room}/export", headers={**phone.headers, "Accept-Language": locale})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf"), answer.content
    return " ".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages).split())


def bundle(person: Any, room: uuid.UUID) -> dict[str, Any]:
    answer = Phone(person).get(f"/cases/{room}/export", format="fhir")
    assert answer.status_code == 200, answer.content
    Bundle.model_validate_json(answer.content)  # FHIR R4B: raises where an element, a type or a cardinality is wrong
    found: dict[str, Any] = orjson.loads(answer.content)
    return found


def of(kind: str, found: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in found["entry"] if entry["resource"]["resourceType"] == kind]


def test_on_paper_with_names_times_votes_and_a_hash() -> None:
    camille, nadia, room, _ = scene()
    paper = text(nadia, room)
    for words in (
        "Livedo de la cuisse", "Dr Camille Aubrac", "Livedo, œdème ≥ 2 cm, anti-TNFα ?", "Un lymphome <T>", "Âge : 65-79", "oral, noté au dossier", "Réponse · Dr Nadia Ferrand (Dermatologie)",
        "Biopsie. Puis bilan.", "Réponse retenue", "D’accord (1) : Dr Idris Vallon (Dermatologie)", "https://doi.org/10.1000/182", "Vascularite : soutenue par Dr Idris Vallon", "Issue",
        "Guérie en trois semaines.", "confirmé", "Exporté par Dr Nadia Ferrand",
    ):  # fmt: skip
        assert words in paper, words
    assert "Patient’s consent : oral, noted in the file" in text(nadia, room, "en")
    audited = Record.objects.filter(act="case.exported", room_id=room, person_id=nadia.pk)
    assert audited.count() == 2
    digest = audited.first().reason.split()[1]  # type: ignore[union-attr]
    assert f"Empreinte SHA-256 du contenu : {digest}" in paper
    # The same case has the same hash for whoever reads it, and another one when it changes.
    text(camille, room)
    assert Record.objects.get(act="case.exported", person_id=camille.pk).reason.split()[1] == digest
    done(people.soizic(), room, "differential.propose", label="Autre chose")
    text(camille, room)
    assert Record.objects.filter(act="case.exported", person_id=camille.pk).last().reason.split()[1] != digest  # type: ignore[union-attr]


def test_as_fhir_that_validates(tmp_path: Path) -> None:
    _, nadia, room, about = scene()
    image = pictured(nadia, room, about["message"], tmp_path)
    found = bundle(nadia, room)
    assert found["type"] == "collection" and found["identifier"]["value"].startswith("urn:sha256:")
    [document] = of("DocumentReference", found)
    written = base64.b64decode(document["content"][0]["attachment"]["data"]).decode()
    assert "anti-TNFα" in written and "Craint : Un lymphome <T>" in written and document["author"][0]["display"] == "Dr Camille Aubrac"
    question, answer, outcome = of("Communication", found)
    assert (answer["payload"][0]["contentString"], answer["sender"]["display"], answer["status"]) == ("Biopsie.\nPuis bilan.", "Dr Nadia Ferrand", "completed")
    assert {n["text"] for n in answer["note"]} == {"Réponse retenue par la personne qui a posé la question", "D’accord : 1", "Références : https://doi.org/10.1000/182"}
    assert (outcome["category"][0]["text"] == "Issue" and question["sent"] == document["date"]) or question["sent"]
    [media] = of("Media", found)
    assert base64.b64decode(media["content"]["data"])[8:12] == b"WEBP"
    assert media["content"]["title"] == "Plaque ronde, bord net" and "Jamais dite" not in str(found)
    assert media["id"] == str(image) and media["operator"]["display"] == "Dr Nadia Ferrand"
    assert answer["payload"][1]["contentReference"]["reference"] == f"urn:uuid:{image}"
    assert {p["name"][0]["text"] for p in of("Practitioner", found)} == {"Dr Camille Aubrac", "Dr Nadia Ferrand"} and not of("Patient", found)
    full = {entry["fullUrl"] for entry in found["entry"]}
    assert {c["sender"]["reference"] for c in (question, answer, outcome)} <= full, "every reference leads to an entry"


def test_pictures_that_all_see_are_on_paper_and_no_others(tmp_path: Path) -> None:
    camille, nadia, room, about = scene()
    image = pictured(nadia, room, about["message"], tmp_path)

    def drawn(person: Any) -> int:
        answer = Phone(person).get(f"/cases/{room}/export")
        return sum(len(page.images) for page in PdfReader(io.BytesIO(answer.content)).pages)

    assert drawn(nadia) == 1 == drawn(camille), "not even one's own that is held back"
    assert "Images qui ne sont pas montrées ici : 1" in text(nadia, room)
    assert "Ce que montre l’image : Plaque ronde, bord net" in text(camille, room) and "What the picture shows : Plaque ronde" in text(camille, room, "en")
    assert "Jamais dite" not in text(nadia, room)
    actions.erase([image])
    assert "Plaque ronde" not in text(camille, room)
    assert drawn(camille) == 0 and "Images qui ne sont pas montrées ici : 2" in text(camille, room)


def test_what_is_withheld_or_in_doubt_says_so() -> None:
    camille, nadia, room, about = scene()
    changes.edit(changes.Edit(room, nadia.pk, about["message"], about["base"], "Traiter d’emblée.", charged=True))
    settle()
    paper = text(camille, room)
    assert "modifiée après acceptation" in paper and "Texte antérieur : Biopsie. Puis bilan." in paper and "Réponse retenue" not in paper
    assert "modifiée après acceptation" in str(bundle(camille, room))
    Message.objects.filter(pk=about["message"]).update(withheld="hidden")
    paper, found = text(camille, room), bundle(camille, room)
    assert "Masqué par la modération." in paper
    for words in ("Traiter", "Biopsie", "10.1000"):
        assert words not in paper and words not in str(found)
    hidden = of("Communication", found)[1]
    assert (hidden["status"], hidden["statusReason"]["text"]) == ("stopped", "Masqué par la modération.") and "payload" not in hidden
    Phone(camille).post(f"/cases/{room}/consent/withdrawal", {"id": people.some_id()})
    settle()
    paper, found = text(nadia, room), bundle(nadia, room)
    assert "Cas sans titre" in paper and "Consentement du patient retiré : contenu supprimé." in paper
    for words in ("Livedo", "TNF", "lymphome", "Guérie"):
        assert words not in paper and words not in str(found)
    attachment = of("DocumentReference", found)[0]["content"][0]["attachment"]
    assert "data" not in attachment and attachment["extension"][0]["valueCode"] == "masked"


def test_who_may_not_read_takes_nothing_along() -> None:
    camille, _, room, _ = scene()
    for format in ("pdf", "fhir"):
        assert Phone(people.unverified()).get(f"/cases/{room}/export", format=format).json()["code"] == "room.not_found"
    assert Phone(camille).get(f"/cases/{room}/export", format="docx").json()["fields"] == ["format"]
    assert Phone(camille).get(f"/cases/{uuid.uuid4()}/export").json()["code"] == "room.not_found"
    assert not Record.objects.filter(act="case.exported").exists()


def test_any_text_is_drawn_or_named() -> None:
    assert pdf.plain("a < b\nTNFα ≥ 2, cœur") == "a &lt; b<br/>TNFα ≥ 2, cœur"
    assert pdf.plain("\U0001f912") == "[FACE WITH THERMOMETER]"
    assert pdf.plain("a\u200bb\x07") == "ab" and pdf.plain("e\u0301") == "é"
