"""What the `data` of every kind is built upon."""

from __future__ import annotations

from consult.rooms.shapes import Shape


class Data(Shape):
    """Ids, codes and numbers; content only where a kind says so."""


class AboutMessage(Data):
    message: str


class AboutPerson(Data):
    person: str
