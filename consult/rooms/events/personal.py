"""What is told in the personal room: it concerns one person, on all their devices."""

from __future__ import annotations

from typing import Literal

from consult.rooms.events.data import Data
from consult.rooms.shapes import Lost, Seq, VerificationStatus


class CaseAttention(Data):
    """A case asks something of me: at `seq` of its log, and why."""

    room: str
    seq: Seq
    why: Literal["amended", "consensus", "unanswered", "outcome"]


class RoomJoined(Data):
    """I became a member of a room."""

    room: str


class RoomLeft(Data):
    """I am no longer a member, and how that came."""

    room: str
    code: Lost


class RoomRenamed(Data):
    """A room of mine has another title; read its item."""

    room: str


class MentionReceived(Data):
    """Somebody named me."""

    room: str
    seq: Seq


class ReadMarked(Data):
    """I have read a room up to `seq`, on whichever device."""

    room: str
    seq: Seq


class ImageReady(Data):
    """My image can be shown."""

    image: str


class ImageHeld(Data):
    """My image shows a face or words: it is for me alone until I mask or release it."""

    image: str


class ImageRefused(Data):
    """My image cannot be used; `code` is one of the refusals' `image.*`."""

    image: str
    code: str


class VerificationDecided(Data):
    """My verification has another state."""

    status: VerificationStatus


class SessionRevoked(Data):
    """A session of mine was ended."""


class PageAsked(Data):
    """Somebody asks me to look at a case."""

    room: str


class ReportDecided(Data):
    """What I reported was decided."""

    report: str


class AppealDecided(Data):
    """My appeal against an act was decided."""

    appeal: str


class RoomRead(Data):
    """Over a report and with the agreement of a second one, a moderator read a private room of mine; it is over."""

    room: str
