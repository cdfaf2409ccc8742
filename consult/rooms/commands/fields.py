"""What commands are made of: the fields that several have, and what every command is."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from consult.rooms.identifying import Confirmable

MOST = 2**53 - 1
Ref = Annotated[int, Field(ge=1, le=MOST, description="Number of the command, unique while unanswered.")]
Seq = Annotated[int, Field(ge=0, le=MOST, description="A position in a room's log.")]
ClientUuid = Annotated[str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", description="A lower-case UUID made by the client.")]
Confirmed = Annotated[list[Confirmable], Field(max_length=20, description="Feature `identifiers`: kinds of identifiers that the author says are none, or may stay.")]


class Frame(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Command(Frame):
    ref: Ref
