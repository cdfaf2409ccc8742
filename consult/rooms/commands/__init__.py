"""What a client may ask: one type a command, each in the module of its subject, all of them in COMMANDS.

The same types check the socket's frames and the bodies of their HTTP twins (parsing.py); docs/protocol.md, the JSON Schema and
protocol.ts are generated from them.
"""

from __future__ import annotations

from consult.rooms.commands import cases, connection, messages, pictures
from consult.rooms.commands.fields import Command
from consult.rooms.commands.tools import TOOLS

COMMANDS: dict[str, type[Command]] = {
    c.model_fields["type"].annotation.__args__[0]: c  # type: ignore[union-attr]
    for c in (
        *(connection.Hello, connection.RoomEnter, connection.RoomLeave),
        *(messages.MessagePost, messages.MessageEdit, messages.MessageRetract, messages.ReactionAdd, messages.ReactionRemove, messages.ReadMark, messages.Typing),
        *(pictures.Pointer, pictures.MarkAdd, pictures.MarkRemove, connection.Ping),
        *(cases.AnswerAccept, cases.AnswerUnaccept, cases.VoteGive, cases.VoteWithdraw),
        *(cases.DifferentialPropose, cases.DifferentialWithdraw, cases.DifferentialBack, cases.DifferentialUnback),
        *(cases.ReferenceAdd, cases.ReferenceRemove, cases.OutcomeTell, *TOOLS),
    )
}
