"""What happens to a picture of a message, and what is drawn on it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from consult.rooms.events.data import AboutMessage, Data
from consult.rooms.shapes import Shape


class AboutImage(AboutMessage):
    image: str


class ImageHidden(AboutImage):
    """A moderator withheld a picture of a message."""


class ImageRestored(AboutImage):
    """The picture is shown again."""


class ImageMaskAsked(AboutImage):
    """The author is asked to mask what the picture shows; it is hidden until then."""


Share = Annotated[float, Field(ge=0, le=1)]


class Spot(Shape):
    """In shares of a picture's width and height, from its upper left."""

    x: Share
    y: Share


class ArrowDrawn(Shape):
    kind: Literal["arrow"]
    start: Spot
    end: Spot


class EllipseDrawn(Shape):
    kind: Literal["ellipse"]
    x: Share
    y: Share
    w: Share
    h: Share


class NumberDrawn(Shape):
    kind: Literal["number"]
    at: Spot
    n: Annotated[int, Field(ge=1, le=99)]


Drawn = Annotated[ArrowDrawn | EllipseDrawn | NumberDrawn, Field(discriminator="kind")]


class MarkAdded(AboutImage):
    """A mark stays on a picture, in shares of its width and height."""

    mark: str
    drawn: Drawn


class MarkRemoved(AboutImage):
    """A mark was taken away."""

    mark: str


class ImageShown(Data):
    """A picture of a message was masked or released, and can be seen by its readers from now on."""

    message: str
    image: str
