"""The doors of signing in with Pro Santé Connect, beside allauth's own, for pages and apps alike. Here, not in clinicians, because a new
verification is told to the personal room.

Between the doors the session of the asker, signed in or not, remembers what was begun: a way back is good for the session that pressed,
once, and for ten minutes. Sessions, limits and answers are allauth's, as for passwords.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated, Any, ClassVar, Literal

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.decorators import rate_limit
from allauth.headless.base.response import AuthenticationResponse, ConflictResponse
from allauth.headless.base.views import APIView
from allauth.headless.constants import Client
from allauth.headless.internal.restkit.response import APIResponse
from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from ninja import Schema
from pydantic import ConfigDict, StringConstraints, ValidationError

from consult.clinicians import licence as licences
from consult.clinicians import linking
from consult.clinicians import pro_sante_connect as psc
from consult.clinicians.licence import Licence
from consult.clinicians.models import Person
from consult.errors import Refusal
from consult.locale import locale_of
from consult.refusing import refuse
from consult.rooms import doorbell
from consult.rooms.actions import personal

METHOD = "pro_sante_connect"  # as the session's records name it
FRESH_S = 300  # a licence is linked within this time of the password
LINK, SIGN_IN = "link-", "in-"  # begin the state: the page that gets it back knows where it came from
Text = Annotated[str, StringConstraints(min_length=1, max_length=4096)]


class Strict(Schema):
    model_config = ConfigDict(extra="forbid", strict=True)


class Beginning(Strict):
    purpose: Literal["sign_in", "link"] = "sign_in"


class Return(Strict):
    """What the address of the way back holds: `code`, or `error`."""

    state: Text
    code: Text | None = None
    error: Text | None = None


class Address(Strict):
    email: Annotated[str, StringConstraints(max_length=400)]


class Door(APIView):
    """Refusals are answered as everywhere."""

    takes: ClassVar[type[Strict]]

    def handle(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().handle(request, *args, **kwargs)
        except Refusal as refusal:
            answer = refuse(request, refusal)
            answer._has_been_logged = True  # type: ignore[attr-defined]  # a provider that is down is a warning, and was one
            return answer

    def given(self) -> Any:
        """The body, in the shape that this door takes. Raises Refusal frame.invalid with `fields`."""
        try:
            return self.takes.model_validate(self.data or {})
        except ValidationError as error:
            raise Refusal("frame.invalid", fields=sorted({str(one["loc"][0]) if one["loc"] else "body" for one in error.errors()})) from None


@method_decorator(rate_limit(action="login"), name="handle")
class Begin(Door):
    takes = Beginning

    def get(self, request: HttpRequest) -> Any:
        """Whether it is offered, and whether it is linked to the account signed in (null: nobody is)."""
        linked = linking.linked(request.user.pk) if request.user.is_authenticated else None
        return APIResponse(request, data={"on": psc.on() and bool(self._callback(request)), "linked": linked})

    def post(self, request: HttpRequest) -> Any:
        """Where the person is sent now."""
        link = self.given().purpose == "link"
        callback = self._callback(request)
        if not callback:
            raise Refusal("psc.off")
        if link:
            if not request.user.is_authenticated:
                raise Refusal("session.none")
            _require_password(request)
        elif request.user.is_authenticated:
            return ConflictResponse(request)
        attempt, location = psc.begin(callback=callback, mark=LINK if link else SIGN_IN)
        request.session.pop(psc.LICENCE, None)
        request.session[psc.ATTEMPT] = asdict(attempt)
        _only_for_now(request)
        return APIResponse(request, data={"location": location})

    def _callback(self, request: HttpRequest) -> str:
        return str(settings.PSC_APP_CALLBACK) if self.client == Client.APP else request.build_absolute_uri("/sign-in")


@method_decorator(rate_limit(action="login"), name="handle")
class Finish(Door):
    takes = Return

    def post(self, request: HttpRequest) -> Any:
        """Signs in, or links. psc.email_needed: the licence is proven and nobody's yet."""
        given = self.given()
        if request.user.is_authenticated and not given.state.startswith(LINK):
            return ConflictResponse(request)  # signed in elsewhere, meanwhile
        attempt = _taken(request)
        if attempt.over or attempt.state != given.state:
            raise Refusal("psc.expired")
        if given.error or not given.code:
            raise Refusal("psc.cancelled" if given.error == "access_denied" else "psc.declined")
        licence = licences.read(psc.finish(attempt=attempt, state=given.state, code=given.code))
        if attempt.state.startswith(LINK):
            return self._link(request, licence)
        person = linking.sign_in(licence)
        if person is not None:
            return _enter(request, person)
        if not settings.SIGNUP:
            raise Refusal("psc.no_account")
        request.session[psc.LICENCE] = {"at": time.time(), **asdict(licence)}
        _only_for_now(request)
        raise Refusal("psc.email_needed")

    def _link(self, request: HttpRequest, licence: Licence) -> Any:
        if not request.user.is_authenticated:
            raise Refusal("session.none")
        status = linking.link(person_id=request.user.pk, licence=licence)
        if status is not None:
            personal.tell(person_id=request.user.pk, kind="verification.decided", data={"status": status})
            doorbell.ring_access()
        return AuthenticationResponse(request)


@method_decorator(rate_limit(action="signup"), name="handle")
class Account(Door):
    takes = Address

    def post(self, request: HttpRequest) -> Any:
        """Makes the account of a proven licence under this address, and signs in. psc.email_taken: try another."""
        email = self.given().email
        if request.user.is_authenticated:
            return ConflictResponse(request)
        kept = dict(request.session.get(psc.LICENCE) or {})
        if not kept or not 0 <= time.time() - kept.pop("at") <= psc.VALID_S:
            raise Refusal("psc.expired")
        person = linking.sign_up(licence=Licence(**kept), email=email, locale=locale_of(request))
        return _enter(request, person, signup=True)


def _taken(request: HttpRequest) -> psc.Attempt:
    """What this session began, which it then no longer holds: written before the provider is asked, so that no answer is used twice."""
    kept = request.session.pop(psc.ATTEMPT, None)
    if kept is None:
        raise Refusal("psc.expired")
    try:
        request.session.save()
    except UpdateError:  # somebody with the same session was quicker, and is signed in
        raise Refusal("psc.expired") from None
    return psc.Attempt(**kept)


def _only_for_now(request: HttpRequest) -> None:
    """The session of who is not signed in lasts no longer than what it waits for; whoever signs in gets a whole one (clinicians/adapter.py)."""
    if not request.user.is_authenticated:
        request.session.set_expiry(psc.VALID_S)


def _enter(request: HttpRequest, person: Person, *, signup: bool = False) -> Any:
    record_authentication(request, person, METHOD)
    try:
        answer = perform_login(request, Login(user=person, signup=signup))
    except ImmediateHttpResponse as stopped:
        answer = stopped.response
    return AuthenticationResponse.from_response(request, answer)


def _require_password(request: HttpRequest) -> None:
    """Who finds an open session cannot make it theirs for good. Raises Refusal psc.password."""
    given = [one for one in get_authentication_records(request, request.user) if one.get("method") == "password" and time.time() - one["at"] <= FRESH_S]
    if not given:
        raise Refusal("psc.password")


def doors() -> list[URLPattern]:
    """Under /_allauth/, for both kinds of clients."""
    views = {"": Begin, "/return": Finish, "/account": Account}
    return [path(f"{client.value}/v1/auth/psc{end}", view.as_api_view(client=client)) for client in Client for end, view in views.items()]
