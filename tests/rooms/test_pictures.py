"""Pictures through the doors: brought in pieces, developed, posted once by their owner, seen by whoever may read the message and nobody else."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from consult.audit.models import Record
from consult.clinicians.models import Person
from consult.errors import Refusal
from consult.images import actions, storage, uploads
from consult.images.models import Image, State
from consult.rooms import pictures
from consult.rooms.actions import changes, conversations, membership, messages
from consult.rooms.actions.posts import Post
from consult.standing import actions as standing
from tests import people
from tests.images.pictures import jpeg, saved, scene
from tests.rooms.helpers import Phone, at_once, events, group, joined, personal_events, post

pytestmark = pytest.mark.django_db(transaction=True)
CANARY = "KANARI-rooms-Le-Goff"
HELD = {"found": [], "faces": [[0.1, 0.1, 0.2, 0.2]], "words": []}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Iterator[Path]:
    settings.IMAGES_DIR = str(tmp_path / "images")
    yield tmp_path / "images"
    actions._darkroom.close()


@pytest.fixture
def camille(transactional_db: None) -> Person:
    return people.camille()


@pytest.fixture
def room(camille: Person) -> uuid.UUID:
    return joined(group(), camille, people.nadia())


class Camera(Phone):
    """An app that sends pictures."""

    def announce(self, data: bytes, **more: Any) -> Any:
        return self.post("/images", {"id": str(uuid.uuid4()), "size": len(data), **more})

    def piece(self, image: str, at: int | str, piece: bytes) -> Any:
        return self.client.generic("PATCH", f"/api/v1/images/{image}", piece, content_type="application/offset+octet-stream", headers={**self.headers, "Upload-Offset": str(at)})

    def where(self, image: str) -> int:
        return int(self.client.head(f"/api/v1/images/{image}", headers=self.headers)["Upload-Offset"])

    def send(self, data: bytes) -> str:
        image: str = self.announce(data).json()["image"]
        assert self.piece(image, 0, data).status_code == 204
        return image

    def ready(self, data: bytes | None = None) -> str:
        """A picture all the way: sent and developed."""
        image = self.send(data or saved(scene(300, 200), "png"))
        pictures.work(uuid.UUID(image))
        return image


@pytest.fixture
def phone(camille: Person) -> Camera:
    return Camera(camille)


@pytest.fixture
def other() -> Camera:
    return Camera(people.nadia())


def held(image: str) -> str:
    """As the nets would have it."""
    Image.objects.filter(pk=image).update(state=State.HELD, report=HELD)
    return image


def files(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file()]


# --- coming in -------------------------------------------------------------------


def test_from_the_camera_to_the_room(phone: Camera, other: Camera, room: uuid.UUID, camille: Person, folder: Path) -> None:
    data = jpeg(CANARY)
    announced = phone.announce(data)
    image = announced.json()["image"]
    assert announced.status_code == 201 and announced.json()["offset"] == 0 and announced.json()["state"] == "uploading"
    assert phone.piece(image, 0, data[:10_000])["Upload-Offset"] == "10000"
    assert phone.where(image) == 10_000  # after a cut: where to go on
    assert phone.piece(image, 10_000, data[10_000:]).status_code == 204
    assert ProcrastinateJob.objects.filter(task_name="picture", args={"image": image}).count() == 1
    assert phone.get(f"/images/{image}").json()["state"] == "working"
    pictures.work(uuid.UUID(image))
    shown = phone.get(f"/images/{image}").json()
    assert shown["state"] == "ready" and (shown["width"], shown["height"]) == (600, 400)
    assert {"code": "gps", "words": "Position GPS"} in shown["removed"] and {"code": "serial", "words": "Numéro de série de l’appareil"} in shown["removed"]
    assert personal_events(camille)[-1] == ("image.ready", {"image": image})
    assert other.get(f"/images/{image}").status_code == 404 and other.get(f"/images/{image}/room").status_code == 404
    post(room, camille, "que pensez-vous de ceci ?", images=[image])
    assert events(room)[-1]["data"]["images"] == [image]
    seen = other.get(f"/images/{image}/room")
    assert seen.status_code == 200 and seen["Content-Type"] == "image/webp" and seen.content[:4] == b"RIFF"
    assert seen["Cache-Control"] == "private, no-store" and seen["X-Content-Type-Options"] == "nosniff" and "sandbox" in seen["Content-Security-Policy"]
    assert "removed" not in other.get(f"/images/{image}").json()  # the report is its sender's
    assert {p.name for p in files(folder)} == {"zoom.webp", "room.webp", "list.webp"}  # the original is gone
    assert all(CANARY.encode() not in p.read_bytes() for p in files(folder))


def test_a_piece_goes_where_the_file_ends(phone: Camera) -> None:
    image = phone.announce(b"x" * 100).json()["image"]
    assert phone.piece(image, 0, b"x" * 40).status_code == 204
    for at in (0, 39, 41, 100):
        answer = phone.piece(image, at, b"x" * 10)
        assert answer.status_code == 409 and answer.json()["code"] == "image.offset" and answer.json()["offset"] == 40
    assert phone.piece(image, 40, b"x" * 61).json()["code"] == "image.too_large"
    assert [phone.piece(image, at, b"x").json()["code"] for at in ("", "-1", "1e3", "x")] == ["frame.invalid"] * 4
    assert phone.where(image) == 40


def test_two_at_once_bring_the_same_piece(phone: Camera) -> None:
    image = Image.objects.get(pk=phone.announce(b"x" * 100).json()["image"])
    results = at_once(*[lambda: uploads.append(image, 0, b"x" * 50)] * 4)
    assert results.count(50) == 1 and [r.code for r in results if isinstance(r, Refusal)] == ["image.offset"] * 3
    assert uploads.path(image.pk).read_bytes() == b"x" * 50


def test_announced_twice_it_is_one(phone: Camera) -> None:
    id = str(uuid.uuid4())
    first, again, other = phone.post("/images", {"id": id, "size": 9}), phone.post("/images", {"id": id, "size": 9}), phone.post("/images", {"id": id, "size": 10})
    assert (first.status_code, again.status_code, other.json()["code"]) == (201, 200, "request.id_reused")
    assert again.json() == {**first.json(), "duplicate": True}


def test_what_is_not_announced(phone: Camera, settings: Any) -> None:
    assert phone.post("/images", {"id": str(uuid.uuid4()), "size": 25_000_001}).json()["code"] == "image.too_large"
    assert phone.post("/images", {"id": str(uuid.uuid4()), "size": 0}).json()["code"] == "frame.invalid"
    settings.IMAGES_WAITING = 2
    answers = [phone.announce(b"x") for _ in range(3)]
    assert [a.status_code for a in answers] == [201, 201, 429] and answers[2].json()["code"] == "image.too_many"
    assert Camera(people.person("gaelle", verified=False)).announce(b"x").json()["code"] == "account.unverified"


def test_nobody_else_brings_pieces(phone: Camera, other: Camera) -> None:
    image = phone.announce(b"x" * 10).json()["image"]
    assert other.piece(image, 0, b"x").status_code == 404
    assert phone.piece(str(uuid.uuid4()), 0, b"x").status_code == 404 and phone.piece("x", 0, b"x").status_code == 404
    assert phone.where(image) == 0


def test_what_cannot_be_read_is_refused_with_words(phone: Camera, camille: Person, room: uuid.UUID, folder: Path) -> None:
    image = phone.ready(b"<svg onload=alert(1)>")
    shown = phone.get(f"/images/{image}").json()
    assert shown["state"] == "refused" and shown["refusal"]["code"] == "image.kind" and "JPEG" in shown["refusal"]["message"]
    assert personal_events(camille)[-1] == ("image.refused", {"image": image, "code": "image.kind"})
    with pytest.raises(Refusal, match=r"image\.refused"):
        post(room, camille, "x", images=[image])
    assert files(folder) == []


# --- into a message ----------------------------------------------------------------


def told(room: uuid.UUID, person: Person, *images: str) -> str | None:
    try:
        post(room, person, "voici", images=list(images))
    except Refusal as refusal:
        return refusal.code
    return None


def test_a_picture_is_claimed_once_by_its_owner(phone: Camera, room: uuid.UUID, camille: Person) -> None:
    image, second = phone.ready(), phone.ready()
    before = len(events(room))
    assert told(room, people.nadia(), image) == "image.not_found"
    assert told(room, camille, image, image) == "image.claimed"
    assert told(room, camille, str(uuid.uuid4())) == told(room, camille, "x") == "image.not_found"
    assert told(room, camille, second, str(uuid.uuid4())) == "image.not_found"
    assert len(events(room)) == before
    assert told(room, camille, second, image) is None
    assert events(room)[-1]["data"]["images"] == [second, image]  # in the order given
    assert told(room, camille, image) == "image.claimed"


def test_a_picture_that_is_not_ready_or_late(phone: Camera, room: uuid.UUID, camille: Person) -> None:
    half = phone.announce(b"x" * 10).json()["image"]
    assert told(room, camille, half) == "image.not_ready"
    late = phone.ready()
    Image.objects.filter(pk=late).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert told(room, camille, late) == "image.expired"
    pictures.sweep()
    assert Image.objects.get(pk=late).state == State.EXPIRED and told(room, camille, late) == "image.expired"


def test_one_picture_in_two_posts_of_a_batch(phone: Camera, room: uuid.UUID, camille: Person) -> None:
    image = phone.ready()
    posts = [Post(room, camille.pk, uuid.uuid4(), "voici", images=[image], charged=True) for _ in range(2)]
    first, second = messages.post_many(posts)
    assert isinstance(first, dict) and isinstance(second, Refusal) and second.code == "image.claimed"


def test_one_picture_in_two_rooms_at_the_same_moment(phone: Camera, room: uuid.UUID, camille: Person) -> None:
    image = phone.ready()
    rooms = [room, *(joined(group(code=f"R{n}", title=f"Salle {n}"), camille) for n in range(3))]
    results = at_once(*[lambda r=r: told(r, camille, image) for r in rooms])
    assert sorted(map(str, results)) == ["None"] + ["image.claimed"] * 3
    carrying = Image.objects.get(pk=image)
    assert [r for r, result in zip(rooms, results, strict=True) if result is None] == [carrying.room_id]


def test_a_repeated_post_with_a_picture_is_a_duplicate(phone: Camera, room: uuid.UUID) -> None:
    body = {"id": str(uuid.uuid4()), "body": "voici", "images": [phone.ready()]}
    first, again = phone.post(f"/rooms/{room}/messages", body), phone.post(f"/rooms/{room}/messages", body)
    assert (first.status_code, again.status_code) == (201, 200) and again.json() == {**first.json(), "duplicate": True}
    assert phone.post(f"/rooms/{room}/messages", {**body, "images": []}).json()["code"] == "message.id_reused"
    assert phone.get(f"/rooms/{room}/messages").json()["messages"][-1]["images"] == body["images"]


def test_a_post_without_pictures_asks_nothing_more(room: uuid.UUID, camille: Person, queries: list[str]) -> None:
    post(room, camille, "sans image")
    assert not [q for q in queries if "images_image" in q]


def test_the_live_frame_is_the_one_that_is_read_back(phone: Camera, room: uuid.UUID, camille: Person, bells: list[Any]) -> None:
    image = phone.ready()
    bells.clear()
    post(room, camille, "voici", images=[image])
    import orjson

    assert orjson.loads(bells[-1].frames[-1].text) == events(room)[-1]


# --- who sees it -----------------------------------------------------------------------


def sees(phone: Camera, image: str) -> bool:
    answers = {phone.get(f"/images/{image}/{size}").status_code for size in storage.SIZES}
    assert answers in ({200}, {404})
    return answers == {200}


def test_rights_are_the_messages(phone: Camera, other: Camera, room: uuid.UUID, camille: Person) -> None:
    image = phone.ready()
    told(room, camille, image)
    assert sees(phone, image) and sees(other, image)
    outsider, stranger = Camera(people.soizic()), Camera(people.person("gaelle", verified=False))
    assert not sees(outsider, image) and not sees(stranger, image)
    assert outsider.get("/images", ids=image).json() == {"images": []}
    membership.leave(person_id=people.nadia().pk, room_id=room)
    assert not sees(other, image)
    membership.join(person_id=people.nadia().pk, room_id=room)
    assert sees(other, image)
    standing.suspend(person_id=people.nadia().pk, until=timezone.now() + timedelta(hours=1), by=people.moderator().pk, reason="x")
    assert not sees(other, image)


def test_who_joins_a_conversation_later_sees_no_earlier_picture(phone: Camera, camille: Person) -> None:
    room = uuid.UUID(conversations.open(person_id=camille.pk, client_id=uuid.uuid4(), people=[people.nadia().pk, people.idris().pk])["room"])
    early = phone.ready()
    told(room, camille, early)
    membership.invite(person_id=camille.pk, client_id=uuid.uuid4(), room_id=room, invitee=people.helene().pk)
    late = phone.ready()
    told(room, camille, late)
    helene = Camera(people.helene())
    assert sees(helene, late) and not sees(helene, early)


def test_a_retracted_message_shows_no_picture(phone: Camera, other: Camera, room: uuid.UUID, camille: Person) -> None:
    image = phone.ready()
    answer = post(room, camille, "voici", images=[image])
    changes.retract(changes.Retraction(room, camille.pk, answer["message"]))
    assert not sees(other, image) and not sees(phone, image)


def test_a_held_picture_is_its_senders_alone(phone: Camera, other: Camera, room: uuid.UUID, camille: Person) -> None:
    image = held(phone.ready())
    assert told(room, camille, image) is None
    assert sees(phone, image) and not sees(other, image)
    assert other.get(f"/images/{image}").json() == {"image": image, "state": "held", "width": 300, "height": 200, "sizes": {}, "veil": None, "description": ""}
    assert phone.get(f"/images/{image}").json()["faces"] == HELD["faces"]
    assert other.post(f"/images/{image}/release", {"reason": "je la veux"}).status_code == 404
    for nothing in ("  ", "accord\x00", "\x1b[0m"):
        answer = phone.post(f"/images/{image}/release", {"reason": nothing}).json()
        assert (answer["code"], answer["fields"]) == ("frame.invalid", ["reason"])
    assert phone.post(f"/images/{image}/release", {"reason": "le visage est la lésion, accord écrit"}).status_code == 200
    assert sees(other, image)
    record = Record.objects.get(act="image.released")
    assert (record.person_id, record.room_id, record.object, record.reason) == (camille.pk, room, image, "le visage est la lésion, accord écrit")
    assert events(room)[-1]["kind"] == "image.shown" and events(room)[-1]["data"]["image"] == image
    assert phone.post(f"/images/{image}/release", {"reason": "encore"}).json()["code"] == "image.not_held"


def test_a_held_picture_is_masked(phone: Camera, other: Camera, room: uuid.UUID, camille: Person, folder: Path) -> None:
    image = held(phone.ready())
    told(room, camille, image)
    before = {p.parent for p in files(folder)}
    for wrong in ([], [[0, 0, 2, 1]], [[0, 0, 0, 1]], [[0, 0, 1]], [[0.0, 0.0, 0.1, 0.1]] * 51):
        assert phone.post(f"/images/{image}/masks", {"masks": wrong}).json()["code"] == "frame.invalid"
    assert other.post(f"/images/{image}/masks", {"masks": [[0.0, 0.0, 1.0, 1.0]]}).status_code == 404
    assert phone.post(f"/images/{image}/masks", {"masks": [[0.0, 0.0, 1.0, 1.0]]}).json() == {"state": "working"}
    assert not sees(phone, image)
    pictures.work(uuid.UUID(image))
    assert sees(other, image)
    assert {p.parent for p in files(folder)}.isdisjoint(before)  # nothing of the unmasked one is left
    from io import BytesIO

    from PIL import Image as Pillow

    assert max(band[1] for band in Pillow.open(BytesIO(other.get(f"/images/{image}/zoom").content)).getextrema()) < 12  # type: ignore[index, misc, operator]
    assert events(room)[-1]["kind"] == "image.shown"


def test_nginx_is_told_where_it_lies(phone: Camera, settings: Any, folder: Path) -> None:
    image = phone.ready()
    settings.IMAGES_ACCEL = "/_pictures/"
    answer = phone.get(f"/images/{image}/room")
    assert answer.content == b"" and answer["Cache-Control"] == "private, no-store"
    assert (folder / "kept" / answer["X-Accel-Redirect"].removeprefix("/_pictures/")).is_file()


# --- going -------------------------------------------------------------------------------


def test_erased_at_once_in_every_size(phone: Camera, other: Camera, room: uuid.UUID, camille: Person, folder: Path) -> None:
    image = phone.ready()
    told(room, camille, image)
    actions.erase([uuid.UUID(image)])
    assert files(folder) == [] and not sees(other, image) and not sees(phone, image)
    assert other.get(f"/images/{image}").json()["state"] == "erased"  # a marked gap
    row = Image.objects.get(pk=image)
    assert (row.report, row.sizes, row.folder) == ({}, {}, "")
    actions.erase([uuid.UUID(image)])


def test_erased_while_it_is_worked_on(phone: Camera, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Consent ends between the developing and the row: its new files go as well."""
    image = phone.send(saved(scene(), "png"))
    put = storage.put

    def erasing(*args: Any) -> None:
        put(*args)
        actions.erase([uuid.UUID(image)])

    monkeypatch.setattr(storage, "put", erasing)
    pictures.work(uuid.UUID(image))
    assert Image.objects.get(pk=image).state == State.ERASED and files(folder) == []


def test_given_up_by_its_owner(phone: Camera, other: Camera, room: uuid.UUID, camille: Person, folder: Path) -> None:
    image, posted = phone.ready(), phone.ready()
    told(room, camille, posted)
    delete = lambda phone, id: phone.client.delete(f"/api/v1/images/{id}", headers=phone.headers)  # noqa: E731
    assert delete(other, image).status_code == 404
    assert delete(phone, posted).json()["code"] == "image.claimed"
    assert delete(phone, image).status_code == 200
    assert {p.parent.parent.name for p in files(folder)} == {posted}


def test_the_sweep_forgets_what_nobody_sent(phone: Camera, folder: Path) -> None:
    half = phone.announce(b"x" * 10).json()["image"]
    phone.piece(half, 0, b"xxxx")
    unsent, waiting = phone.ready(), phone.send(b"not yet worked on")
    leftovers = storage.incoming() / "work-killed"
    leftovers.mkdir()
    (leftovers / "zoom.webp").write_bytes(b"x")
    Image.objects.filter(pk__in=[half, unsent]).update(expires_at=timezone.now() - timedelta(seconds=1))
    import os

    os.utime(leftovers, (0, 0))
    ProcrastinateJob.objects.all().update(status="failed", queueing_lock=None)
    pictures.sweep()
    assert {p.name for p in files(folder)} == {waiting}
    assert {i.state for i in Image.objects.filter(pk__in=[half, unsent])} == {State.EXPIRED}
    assert ProcrastinateJob.objects.filter(task_name="picture", status="todo", args={"image": waiting}).count() == 1
