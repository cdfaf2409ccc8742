"""The cast: the same named colleagues in every test, made quickly and already verified.

Each function returns the person, making them on first call in a database; `unverified()` and `moderator()` say what they are.
Passwords are all PASSWORD, hashed once a process.
"""

from __future__ import annotations

import uuid
from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore

from consult.clinicians.models import Person
from consult.rooms.models import Remit
from consult.standing.models import Standing, Verification

PASSWORD = "correct-horse-battery"


@cache
def _hashed() -> str:
    return make_password(PASSWORD)


def person(name: str, *, verified: bool = True, moderator: bool = False, **fields: Any) -> Person:
    """Someone by their first name: `name@example.org`. Fields are Person's."""
    email = f"{name}@example.org"
    found = Person.objects.filter(email=email).first()
    if found is not None:
        return found
    made = Person(email=email, password=_hashed(), given_name=fields.pop("given_name", name.title()), **fields)
    made.save()
    Standing.objects.filter(person_id=made.pk).update(
        verification=Verification.VERIFIED if verified else Verification.PENDING,
        register="test" if verified else "",
    )
    if moderator:
        Remit.objects.create(person=made)
    return made


def camille() -> Person:
    """A general practitioner who asks."""
    return person("camille", title="Dr", family_name="Aubrac", profession="10", specialty="SM54", place="Cabinet, Lorient")


def nadia() -> Person:
    """A hospital dermatologist who answers."""
    return person("nadia", title="Dr", family_name="Ferrand", profession="10", specialty="SM15", place="Centre hospitalier, Port-Louis")


def idris() -> Person:
    """A dermatologist in town."""
    return person("idris", title="Dr", family_name="Vallon", profession="10", specialty="SM15", place="Cabinet, Lorient")


def helene() -> Person:
    """A resident, with an accent to search by."""
    return person("helene", given_name="Hélène", family_name="Morvan", profession="10", level="Interne, 3e année", place="Centre hospitalier, Port-Louis")


def tessard() -> Person:
    """An ophthalmologist."""
    return person("aline", title="Dr", family_name="Tessard", profession="10", specialty="SM38", place="Clinique, Quimper")


def soizic() -> Person:
    """A pharmacist: a verified outsider to medical groups."""
    return person("soizic", family_name="Le Bihan", profession="21", place="Officine, Auray")


def moderator() -> Person:
    """Dr Sacha Delmont, who moderates."""
    return person("sacha", title="Dr", family_name="Delmont", profession="10", specialty="SM54", moderator=True)


def unverified() -> Person:
    """A newcomer whose licence nobody has checked yet."""
    return person("yann", family_name="Kervella", verified=False, profession="60")


def session_of(someone: Person) -> str:
    """The key of a new session of this person, as signing in makes it: a cookie's value and an app's X-Session-Token."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    store = SessionStore()
    store[SESSION_KEY] = str(someone.pk)
    store[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    store[HASH_SESSION_KEY] = someone.get_session_auth_hash()
    store.save()
    assert store.session_key
    return store.session_key


def as_app(someone: Person) -> dict[str, str]:
    """Headers of a request by this person's phone: `client.get(url, headers=as_app(camille()))`."""
    return {"X-Session-Token": session_of(someone)}


def some_id() -> str:
    return str(uuid.uuid4())
