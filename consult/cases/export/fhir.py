"""A case as FHIR R4: a collection of the question (DocumentReference), every message (Communication), every picture (Media) and who wrote them (Practitioner).

No Patient is among them: a case says nothing that names one. What is withheld stands without content and says why.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from consult.cases.export.record import Picture, Record
from consult.cases.export.words import words

ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def _urn(id: str) -> str:
    return f"urn:uuid:{id}"


def bundle(record: Record) -> dict[str, Any]:
    """The Bundle, as what JSON is made of."""
    page = record.sheet
    people = {m["actor"]["id"]: m["actor"] for m in record.messages if m["actor"]}
    if page["asker"]:
        people.setdefault(page["asker"]["id"], page["asker"])
    question = page["question"]["message"]
    resources = [
        _document(record),
        *(_communication(m, page["room"], record) for m in record.messages),
        *(_media(image, m, record.pictures[image]) for m in record.messages for image in m["images"]),
        *(_practitioner(card) for card in people.values()),
    ]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:sha256:{record.digest}"},
        "timestamp": record.at,
        "entry": [{"fullUrl": _urn(r["id"]), "resource": r} for r in resources] if question else [],
    }


def _document(record: Record) -> dict[str, Any]:
    """The question with its template, as text."""
    page, said = record.sheet, words(record.locale)
    document: dict[str, Any] = {
        "resourceType": "DocumentReference",
        "id": page["room"],
        "status": "current",
        "type": {"text": said["question"]},
        "date": page["opened_at"],
        "content": [{"attachment": _attachment(page, said)}],
    }
    if page["asker"]:
        document["author"] = [_reference(page["asker"])]
    if page["specialty"]:
        document["category"] = [{"coding": [{"system": "https://mos.esante.gouv.fr/NOS/TRE_R38-SpecialiteOrdinale/FHIR/TRE-R38-SpecialiteOrdinale", "code": page["specialty"]}]}]
    return document


def _attachment(page: dict[str, Any], said: dict[str, str]) -> dict[str, Any]:
    if page["withheld"]:
        return {"title": said[page["withheld"]], "extension": [{"url": ABSENT, "valueCode": "masked"}]}
    lines = [page["title"], "", page["question"]["body"], *(f"{said[name]} : {value}" for name, value in (page["template"] or {}).items() if value)]
    data = "\n".join(lines).encode()
    # FHIR R4 asks for SHA-1 here; the hash that counts is the bundle's identifier.
    digest = base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()
    return {"contentType": "text/plain; charset=utf-8", "title": page["title"], "data": base64.b64encode(data).decode(), "size": len(data), "hash": digest}


def _communication(message: dict[str, Any], room: str, record: Record) -> dict[str, Any]:
    said = words(record.locale)
    made: dict[str, Any] = {
        "resourceType": "Communication",
        "id": message["message"],
        "status": "completed",
        "category": [{"text": said[message["form"]]}],
        "about": [{"reference": _urn(room)}],
        "sent": message["at"],
    }
    if message["actor"]:
        made["sender"] = _reference(message["actor"])
    if message["reply_to"]:
        made["inResponseTo"] = [{"reference": _urn(message["reply_to"])}]
    if message["withheld"]:
        made |= {"status": "entered-in-error" if message["withheld"] == "retracted" else "stopped", "statusReason": {"text": said[message["withheld"]]}}
    else:
        made["payload"] = [{"contentString": message["body"]}, *({"contentReference": {"reference": _urn(image)}} for image in message["images"])]
    if notes := _notes(message, record, said):
        made["note"] = [{"text": text} for text in notes]
    return made


def _notes(message: dict[str, Any], record: Record, said: dict[str, str]) -> list[str]:
    """What is said of an answer: marked, in doubt, agreed with by whom, with which references."""
    notes = [said[message["doubt"]]] if message["doubt"] else []
    if message["message"] == (record.sheet["accepted"] or {}).get("message"):
        notes.append(said["accepted"])
    for answer in record.sheet["answers"]:
        if answer["message"] == message["message"]:
            notes += [f"{said[side]} : {answer['votes'][side]['count']}" for side in ("agree", "disagree") if answer["votes"][side]["count"]]
            notes += [f"{said['references']} : {r['link']}" for r in answer["references"]]
    return notes


def _media(image: str, message: dict[str, Any], picture: Picture) -> dict[str, Any]:
    content = {"contentType": "image/webp", "data": base64.b64encode(picture.webp).decode(), "size": len(picture.webp)}
    if picture.description:
        content["title"] = picture.description  # an attachment's title is what is shown in place of its data
    made: dict[str, Any] = {"resourceType": "Media", "id": image, "status": "completed", "issued": message["at"], "content": content}
    if message["actor"]:
        made["operator"] = _reference(message["actor"])
    return made


def _practitioner(card: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"resourceType": "Practitioner", "id": card["id"], "name": [{"text": card["name"] or "–"}]}
    if card.get("specialty_label"):
        made["qualification"] = [{"code": {"text": card["specialty_label"]}}]
    return made


def _reference(card: dict[str, Any]) -> dict[str, Any]:
    return {"reference": _urn(card["id"]), "display": card["name"] or "–"}
