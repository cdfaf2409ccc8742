"""References on answers: what a DOI and a guideline's link may look like, who adds and removes them."""

from __future__ import annotations

from typing import Any

import pytest

from consult.cases import references
from consult.errors import Refusal
from consult.rooms.actions import changes
from tests import people
from tests.cases.helpers import act, ask, done, sheet
from tests.rooms.helpers import events, kinds, post


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("10.1000/182", ("doi", "https://doi.org/10.1000/182")),
        (" doi: 10.1016/S0140-6736(20)30183-5 ", ("doi", "https://doi.org/10.1016/s0140-6736(20)30183-5")),
        ("https://doi.org/10.1056/NEJMoa2034577", ("doi", "https://doi.org/10.1056/nejmoa2034577")),
        (
            "http://dx.doi.org/10.1002/(SICI)1522-2594(199911)42:5<952::AID-MRM16>3.0.CO;2-S",
            ("doi", "https://doi.org/10.1002/(sici)1522-2594(199911)42:5<952::aid-mrm16>3.0.co;2-s"),
        ),
        ("https://www.has-sante.fr/jcms/c_2857558/fr/label?x=1#a", ("link", "https://www.has-sante.fr/jcms/c_2857558/fr/label?x=1#a")),
        ("https://WWW.Has-Sante.FR/a", ("link", "https://www.has-sante.fr/a")),
    ],
)
def test_what_is_kept(text: str, kept: tuple[str, str]) -> None:
    assert references.read(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "", "10.1/x", "10.1000/", "10.1000 182", "doi:11.1000/182", "http://www.has-sante.fr/a", "https://localhost/a", "https://127.0.0.1/a", "https://[::1]/a",
        "https://me:secret@has-sante.fr/", "https://has-sante.fr:8443/", "https://has-sante.fr:x/", "javascript:alert(1)", "data:text/html,x", "//has-sante.fr/a",
        "https://has-sante.fr/" + "a" * 500, "https://has-sante.fr/a b", "https://has-sante.fr/\"onload=", "https://hàs.fr/", "https://doi.org/foo", "https://-a.fr/", "10.1000/\u202e182",
        "https://has-sante.fr\\@evil.example/",
    ],
)  # fmt: skip
def test_what_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match=r"reference\.link"):
        references.read(text)


@pytest.mark.django_db(transaction=True)
def test_they_hang_on_an_answer(monkeypatch: Any) -> None:
    camille, nadia, idris = people.camille(), people.nadia(), people.idris()
    room = ask(camille)["room"]
    answer = post(room, nadia, "Mycose.")["message"]
    made = done(idris, room, "reference.add", message=answer, link="10.1000/182")
    last = events(room)[-1]
    assert (last["kind"], last["data"]) == ("reference.added", {"message": answer, "reference": made["reference"]})
    [shown] = sheet(camille, room)["answers"][0]["references"]
    assert (shown["kind"], shown["link"], shown["by"]["id"]) == ("doi", "https://doi.org/10.1000/182", str(idris.pk))
    assert done(nadia, room, "reference.add", message=answer, link="https://doi.org/10.1000/182") == {**made, "unchanged": True}
    monkeypatch.setattr(references, "MOST", 1)
    assert act(nadia, room, "reference.add", message=answer, link="10.1000/183").json()["code"] == "case.full"
    assert act(nadia, room, "reference.add", message=answer, link="ftp://x").json()["code"] == "reference.link"
    assert act(people.soizic(), room, "reference.remove", reference=made["reference"]).json()["code"] == "message.not_author"
    changes.retract(changes.Retraction(room, nadia.pk, answer))
    assert sheet(camille, room)["answers"][0]["references"] == []
    done(nadia, room, "reference.remove", reference=made["reference"])
    assert kinds(room)[-1] == "reference.removed"
    for reference in (made["reference"], "x"):
        assert act(idris, room, "reference.remove", reference=reference).json()["code"] == "reference.not_found"
