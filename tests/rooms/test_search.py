"""Search: what is found whatever its accents and endings, by whom, and what never is."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from consult.clinicians.models import Person
from consult.rooms import finding, search
from consult.rooms.actions import changes, conversations, membership
from tests import people
from tests.rooms.helpers import Phone, group, joined, post

db = pytest.mark.django_db(transaction=True)


def find(person: Person, q: str = "", **query: Any) -> list[dict[str, Any]]:
    answer = Phone(person).get("/search", q=q, **query)
    assert answer.status_code == 200, answer.content
    return answer.json()["hits"]


def words(hit: dict[str, Any]) -> list[str]:
    return [hit["excerpt"][start : start + length] for start, length in hit["marks"]]


@db
@pytest.mark.parametrize(
    ("q", "body", "marked"),
    [
        ("oedeme", "Un œdème 😀 de Quincke", ["œdème"]),
        ("œdèmes", "OEDEME du visage", ["OEDEME"]),
        ("eczema", "Des eczémas chroniques", ["eczémas"]),
        ("prurigineux", "Lésion prurigineuse", ["prurigineuse"]),
        ('"lésion annulaire"', "Une lésion annulaire nette", ["lésion", "annulaire"]),
        ("mycose -orteil", "Mycose du mollet", ["Mycose"]),
        ("ecchymose OR hématome", "Un hématome", ["hématome"]),
        ("ph", "pH <7,2 et <b>gras</b> > 5", ["pH"]),
    ],
)
def test_found_whatever_accents_and_endings(q: str, body: str, marked: list[str]) -> None:
    nadia = people.nadia()
    room = joined(group(), nadia)
    told = post(room, nadia, body)
    post(room, nadia, "Tout autre chose")
    [hit] = find(nadia, q)
    assert (hit["message"], hit["seq"], hit["room"]) == (told["message"], told["seq"], {"id": str(room), "kind": "group", "title": "Dermatologie", "code": "DER"})
    assert hit["excerpt"] == body and words(hit) == marked and hit["actor"]["name"] == "Dr Nadia Ferrand"


@db
def test_long_texts_are_cut_around_the_words() -> None:
    nadia = people.nadia()
    room = joined(group(), nadia)
    post(room, nadia, "blabla " * 300 + "mélanome 🩺 " + "suite " * 300)
    post(room, nadia, "mélanome" + "x" * 4000)
    [hit] = find(nadia, "melanome")
    assert words(hit) == ["mélanome"] and len(hit["excerpt"]) <= search.EXCERPT
    post(room, nadia, "https://exemple.fr/" + "y" * 4000 + " nævus")
    [hit] = find(nadia, "naevus")
    assert len(hit["excerpt"]) <= search.EXCERPT


@db
def test_bodies_that_hold_the_marks_themselves() -> None:
    nadia = people.nadia()
    room = joined(group(), nadia)
    told = post(room, nadia, "x")
    with connection.cursor() as cursor:  # no door lets such a body in; should one ever be stored, it marks nothing
        cursor.execute("UPDATE rooms_message SET body = %s, search = to_tsvector('consult_french', 'nævus') WHERE id = %s", ("\x02\x03 \x02nævus\x04 fin\x02", told["message"]))
    [hit] = find(nadia, "naevus")
    assert hit["excerpt"] == " nævus fin" and words(hit) == ["nævus"]


@given(st.text(alphabet="ab<\x02\x03\x04é😀"))
def test_marks_always_lie_inside_the_excerpt(headline: str) -> None:
    excerpt, marks = search.marked(headline)
    assert all(length > 0 and start >= 0 and start + length <= len(excerpt) for start, length in marks)
    assert not set(excerpt) & {"\x02", "\x03", "\x04"}


@db
def test_only_in_rooms_one_may_read() -> None:
    camille, nadia, idris = people.camille(), people.nadia(), people.idris()
    der = joined(group(), nadia)
    post(der, nadia, "Secret du groupe")
    private = uuid.UUID(conversations.open(person_id=camille.pk, client_id=uuid.uuid4(), people=[nadia.pk])["room"])
    post(private, camille, "Secret à deux")
    assert len(find(nadia, "secret")) == 2 and len(find(camille, "secret")) == 1
    for stranger in (idris, people.unverified()):
        assert find(stranger, "secret") == []
    membership.invite(person_id=camille.pk, client_id=uuid.uuid4(), room_id=private, invitee=idris.pk)
    assert find(idris, "secret") == []  # said before he came
    post(private, camille, "Nouveau secret")
    assert [h["excerpt"] for h in find(idris, "secret")] == ["Nouveau secret"]
    membership.leave(person_id=nadia.pk, room_id=der)
    assert len(find(nadia, "secret")) == 2
    stranger = Phone(people.soizic())
    answers = [stranger.get("/search", q="secret", room=str(r)) for r in (private, uuid.uuid4(), "x")]
    assert len({(a.status_code, a.content) for a in answers}) == 1 and answers[0].json()["code"] == "room.not_found"


@db
def test_what_was_taken_back_or_replaced_is_not_found() -> None:
    nadia = people.nadia()
    room = joined(group(), nadia)
    told = post(room, nadia, "Motsecret #motsecret")
    changes.edit(changes.Edit(room, nadia.pk, told["message"], told["seq"], "Autre #autre"))
    assert find(nadia, "motsecret") == find(nadia, tag="motsecret") == [] and len(find(nadia, "autre")) == len(find(nadia, tag="autre")) == 1
    changes.retract(changes.Retraction(room, nadia.pk, told["message"]))
    assert find(nadia, "autre") == find(nadia, tag="autre") == [] and Phone(nadia).get("/tags").json() == {"tags": []}
    with connection.cursor() as cursor:  # withheld is enough, whatever the index still holds
        cursor.execute("UPDATE rooms_message SET search = to_tsvector('consult_french', body) WHERE id = %s", (told["message"],))
    assert find(nadia, "autre") == []


@db
def test_tags_link_rooms() -> None:
    nadia, idris = people.nadia(), people.idris()
    one, two = joined(group(), nadia, idris), joined(group("CAR", "Cardiologie"), nadia)
    post(one, nadia, "À voir #Dermoscopie")
    post(two, nadia, "Encore #dermoscopie et #doctoctoc")
    post(two, nadia, "Sans")
    assert [h["room"]["code"] for h in find(nadia, tag="#Dermoscopie")] == ["CAR", "DER"]
    assert [h["room"]["code"] for h in find(nadia, "voir", tag="dermoscopie")] == ["DER"]
    assert [h["room"]["code"] for h in find(nadia, tag="dermoscopie", room=str(two))] == ["CAR"]
    assert Phone(nadia).get("/tags").json()["tags"] == [{"tag": "dermoscopie", "count": 2}, {"tag": "doctoctoc", "count": 1}]
    assert Phone(idris).get("/tags", q="DERMO").json()["tags"] == [{"tag": "dermoscopie", "count": 1}]
    assert Phone(nadia).get("/tags", q="%").json()["tags"] == []


@db
def test_a_case_is_found_by_its_title() -> None:
    from tests.cases.helpers import ask

    room = ask(people.camille(), title="Livedo réticulaire", question="Que faire ?")["room"]
    [hit] = find(people.nadia(), "livedo reticulaires")
    assert hit["room"] == {"id": str(room), "kind": "case", "title": "Livedo réticulaire", "code": "DER"} and hit["excerpt"] == "Que faire ?" and hit["marks"] == []


@db
def test_newest_first_page_by_page_at_the_same_price() -> None:
    nadia = people.nadia()
    rooms = [joined(group(f"G{n}", f"Groupe {n}"), nadia) for n in range(6)]
    told = [post(rooms[n % 6], nadia, f"nævus {n}")["message"] for n in range(30)]
    phone, url, seen = Phone(nadia), "/api/v1/search?q=naevus&limit=7", []
    while url:
        answer = phone.client.get(url, headers=phone.headers).json()
        seen += [h["message"] for h in answer["hits"]]
        url = answer["next"]
    assert seen == told[::-1]
    with CaptureQueriesContext(connection) as queries:
        hits, _ = search.messages(person=nadia.pk, q="naevus", room=None, tag="", cursor=None, limit=30)
    assert len(hits) == 30 and len(queries) <= 6


@db
@pytest.mark.parametrize("most", [60_000, 40])
def test_walking_the_rooms_finds_what_the_index_finds(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """A common word is met on a walk from the rooms' ends; same hits, same order, page by page, in small steps and where the walk gives up."""
    from tests.cases.helpers import ask

    camille, nadia, idris = people.camille(), people.nadia(), people.idris()
    der, car = joined(group(), nadia, idris, camille), joined(group("CAR", "Cardiologie"), idris)
    private = uuid.UUID(conversations.open(person_id=camille.pk, client_id=uuid.uuid4(), people=[idris.pk])["room"])
    for n in range(24):
        post(private, idris, f"nævus {n} de trop")
    membership.invite(person_id=camille.pk, client_id=uuid.uuid4(), room_id=private, invitee=nadia.pk)
    for n in range(90):
        told = post((der, car, private)[n % 3], idris, f"{'nævus' if n % 4 else 'rien'} {n} {'#suivi' if n % 5 == 0 else ''}")
        if n % 10 == 3:
            changes.retract(changes.Retraction((der, car, private)[n % 3], idris.pk, told["message"]))
        if n in (20, 70):
            ask(camille, title=f"Un nævus {n}", question="Que faire ?")

    def pages(**query: Any) -> list[str]:
        url, phone, seen = "/api/v1/search?limit=7&" + "&".join(f"{k}={v}" for k, v in query.items()), Phone(nadia), []
        while url:
            answer = phone.client.get(url, headers=phone.headers).json()
            seen += [h["message"] for h in answer["hits"]]
            url = answer["next"]
        return seen

    asked: list[dict[str, Any]] = [{"q": "naevus"}, {"q": "naevus", "room": private}, {"q": "naevus -rien", "tag": "suivi"}, {"q": "rien"}, {"q": "absent"}]
    by_index = [pages(**query) for query in asked]
    assert [len(found) for found in by_index] == [41, 20, 8, 15, 0]
    monkeypatch.setattr(finding, "rare", lambda params: False)
    monkeypatch.setattr(finding, "FIRST_STEP", 2)
    monkeypatch.setattr(finding, "ROOMS_AT_ONCE", 1)
    monkeypatch.setattr(finding, "AT_FIRST", 1)
    monkeypatch.setattr(finding, "LOOKED_AT", most)
    assert [pages(**query) for query in asked] == by_index


@db
def test_a_word_is_rare_where_the_index_hands_over_less_than_a_walk_looks_at(monkeypatch: pytest.MonkeyPatch) -> None:
    nadia = people.nadia()
    room = joined(group(), nadia)
    for n in range(300):
        post(room, nadia, "Un nævus" if n % 2 else f"Le mot{n}")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE rooms_message")
    monkeypatch.setattr(finding, "SMALL", 0)
    for where in (None, room):
        asked = {"person": nadia.pk, "room": where, "limit": 21}
        assert finding.rare({**asked, "q": "mot12"}) and not finding.rare({**asked, "q": "naevus"})


@db
def test_queries_are_not_compiled() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)


@db
def test_what_is_no_search() -> None:
    phone = Phone(people.nadia())
    for query in ({}, {"q": " "}, {"q": "le de la"}, {"q": "!!! -"}):
        assert phone.get("/search", **query).json()["code"] == "search.query", query
    for query in ({"q": "a\x00"}, {"q": "x" * 201}, {"tag": "\x00"}, {"q": "a", "limit": 0}):
        assert phone.get("/search", **query).json()["code"] == "frame.invalid", query
    assert phone.get("/search", q="a", cursor="x").json()["code"] == "cursor.invalid"
    for odd in ("'", "\\", '"', "a & | ! ( :*", "<->", "%s %(q)s", "😀", "\u202e"):
        assert phone.get("/search", q=f"{odd} nævus").status_code == 200
