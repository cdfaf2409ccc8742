"""The shapes of answers about people, for the doors and the OpenAPI document."""

from __future__ import annotations

from ninja import Schema
from pydantic import ConfigDict, Field


class Card(Schema):
    id: str
    name: str | None
    profession: str | None = Field(description="TRE_G15")
    specialty: str | None = Field(description="TRE_R38")
    level: str | None
    as_: str | None = Field(None, alias="as")
    verified: bool
    specialty_label: str | None
    group: str | None = Field(description="code of the specialty group")
    place: str | None


class Me(Card):
    title: str
    given_name: str
    family_name: str
    email: str
    roles: list[str]
    verification: str
    locale: str
    mod: bool
    remit: str | None = Field(description="all or some: where this person moderates; null: nowhere")


class Personal(Schema):
    room: str


class Suspension(Schema):
    """Why an account is shut out, and the act that an appeal is about; `until` null: no end is set. Both are null where it stands on no record."""

    act: str | None
    until: str | None
    reason: str | None


class MeAnswer(Schema):
    me: Me
    personal: Personal
    suspension: Suspension | None


class People(Schema):
    people: list[Card]
    next: str | None


class ProfileChange(Schema):
    model_config = ConfigDict(extra="forbid", strict=True)

    title: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    profession: str | None = None
    specialty: str | None = None
    level: str | None = None
    place: str | None = None
    locale: str | None = None


class Names(Schema):
    fr: str
    en: str


class Code(Schema):
    code: str
    label: str


class Group(Schema):
    code: str
    name: Names
    specialties: list[Code]


class Specialties(Schema):
    groups: list[Group]
    professions: list[Code]
