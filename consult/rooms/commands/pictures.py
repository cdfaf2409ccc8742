"""Pointing on a picture, and marks that stay on it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from consult.rooms.commands.fields import ClientUuid, Command, Frame

Share = Annotated[float, Field(ge=0, le=1, description="A share of the picture's width or height, from its upper left.")]


class Place(Frame):
    x: Share
    y: Share


class Arrow(Frame):
    kind: Literal["arrow"]
    start: Place
    end: Place


class Ellipse(Frame):
    kind: Literal["ellipse"]
    x: Share
    y: Share
    w: Share
    h: Share


class Number(Frame):
    kind: Literal["number"]
    at: Place
    n: Annotated[int, Field(ge=1, le=99)]


Drawn = Annotated[Arrow | Ellipse | Number, Field(discriminator="kind")]


class Pointer(Command):
    """Shows the others in the room where one points on a picture, and what one draws; not stored. No `at`: nowhere any more."""

    type: Literal["pointer"]
    room: str
    image: str
    at: Place | None = None
    drawn: Drawn | None = None


class MarkAdd(Command):
    """Keeps a mark on a picture of a message. The client's `id` makes a repeat harmless."""

    type: Literal["mark.add"]
    room: str
    id: ClientUuid
    message: str
    image: str
    drawn: Drawn


class MarkRemove(Command):
    """Takes a mark away: one's own, any on one's own message; moderators any."""

    type: Literal["mark.remove"]
    room: str
    mark: str
