"""What the phone keeps, in one SQLite file: a cursor a room, the messages as they stand at that cursor, and the outbox.

One rule carries the rest: **the events and the cursor that counts them are written in one transaction.** So whatever ends the process, the next
start asks for exactly what is missing. `take()` compares with the stored cursor under the write lock, so that the app and a notification extension, two
processes on one file, may both catch up.

On a phone this file lies in protected storage (iOS: complete-until-first-unlock; Android: SQLCipher under a key of the Keystore), the session token in
the Keychain or Keystore and not here, and both are excluded from backups.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Frame = dict[str, Any]
SCHEMA = """
CREATE TABLE IF NOT EXISTS facts    (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rooms    (room TEXT PRIMARY KEY, epoch TEXT, seq INTEGER NOT NULL DEFAULT 0, touched TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS events   (room TEXT, seq INTEGER, kind TEXT NOT NULL, at TEXT NOT NULL, message TEXT, PRIMARY KEY (room, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (message TEXT PRIMARY KEY, room TEXT NOT NULL, seq INTEGER NOT NULL, as_of INTEGER NOT NULL, at TEXT NOT NULL,
    author TEXT, name TEXT, client_id TEXT, body TEXT, mentions TEXT, reply_to TEXT, edited_seq INTEGER, withheld TEXT, reactions TEXT NOT NULL, UNIQUE (room, seq));
CREATE TABLE IF NOT EXISTS outbox   (n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, room TEXT NOT NULL, body TEXT NOT NULL, reply_to TEXT, failed TEXT);
"""
# Where several reasons to withhold hold, the first of these is told.
WEIGHT = ("erased", "withdrawn", "retracted", "hidden", "superseded")
NO_REACTIONS = {"agree": 0, "useful": 0, "thanks": 0, "discuss": 0}


class Store:
    def __init__(self, path: Path | str) -> None:
        self.path = path
        self.db = sqlite3.connect(path, isolation_level=None, timeout=10)
        self.db.row_factory = sqlite3.Row
        # What is deleted is overwritten: a retracted text must not stay readable in the file's free pages.
        self.db.execute("PRAGMA secure_delete = ON")
        self.db.executescript(SCHEMA)

    @contextmanager
    def writing(self) -> Iterator[None]:
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def close(self) -> None:
        self.db.close()

    # --- facts: who is signed in, the device's id, the badge -------------------------

    def fact(self, name: str) -> str | None:
        row = self.db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return row["value"] if row else None

    def know(self, **facts: str | int) -> None:
        self.db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", [(name, str(value)) for name, value in facts.items()])

    def wipe(self, *, keep_outbox: bool = False) -> None:
        """Signed out, or told to: nothing stays. (A phone also throws away the key that the file is encrypted under.)"""
        with self.writing():
            for table in ("rooms", "events", "messages") + (() if keep_outbox else ("outbox",)):
                self.db.execute(f"DELETE FROM {table}")
            self.db.execute("DELETE FROM facts WHERE NOT (?1 AND name = 'me')", (keep_outbox,))
        self.db.execute("VACUUM")

    # --- rooms and their cursors ------------------------------------------------------

    def rooms(self) -> list[str]:
        """Those that are followed, the one with the latest event first: so they are resumed in the order of their use."""
        return [row["room"] for row in self.db.execute("SELECT room FROM rooms ORDER BY touched DESC, room")]

    def follow(self, room: str) -> None:
        self.db.execute("INSERT OR IGNORE INTO rooms (room) VALUES (?)", (room,))

    def cursor(self, room: str) -> Frame | None:
        """{"epoch","seq"}: all up to there is here. None: nothing is, so the newest page is to be loaded."""
        row = self.db.execute("SELECT epoch, seq FROM rooms WHERE room = ?", (room,)).fetchone()
        return {"epoch": row["epoch"], "seq": row["seq"]} if row and row["epoch"] else None

    def begin(self, room: str, page: Frame) -> None:
        """A fresh copy from a page of messages, which says of which moment it is: only later events are applied to it."""
        epoch, seq = page["as_of"]["epoch"], page["as_of"]["seq"]
        with self.writing():
            self._empty(room)
            self.db.execute("INSERT INTO rooms (room, epoch, seq) VALUES (?, ?, ?) ON CONFLICT (room) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq", (room, epoch, seq))
            for item in page["messages"]:
                self._put(room, item, item["reactions"], seq)

    def merge(self, room: str, page: Frame) -> bool:
        """A page of history for who scrolls up, or a message read again. False where it is of an earlier moment than the copy: ask again."""
        with self.writing():
            cursor, as_of = self.cursor(room), page["as_of"]
            if cursor is None or as_of["epoch"] != cursor["epoch"] or as_of["seq"] < cursor["seq"]:
                return False
            for item in page["messages"]:
                # Of a later moment than the cursor: the events in between will pass it by.
                self._put(room, item, item["reactions"], as_of["seq"])
            return True

    def empty(self, room: str) -> None:
        """The copy is void (another epoch, a restored backup): drop it and forget the cursor. The outbox stays."""
        with self.writing():
            self._empty(room)
            self.db.execute("UPDATE rooms SET epoch = NULL, seq = 0 WHERE room = ?", (room,))

    def forget(self, room: str) -> None:
        """The room was lost: its copy goes, and the outbox keeps what was not sent, for its author to see."""
        with self.writing():
            self._empty(room)
            self.db.execute("DELETE FROM rooms WHERE room = ?", (room,))

    def _empty(self, room: str) -> None:
        self.db.execute("DELETE FROM events WHERE room = ?", (room,))
        self.db.execute("DELETE FROM messages WHERE room = ?", (room,))

    # --- events -----------------------------------------------------------------------

    def take(self, room: str, events: Iterable[Frame]) -> tuple[list[Frame], int]:
        """Applies those that are next, in order, and moves the cursor with them. Answers what was applied and where the cursor stands now.

        What was taken before is passed over; at a hole, or another epoch, it stops.
        """
        taken: list[Frame] = []
        with self.writing():
            cursor = self.cursor(room)
            if cursor is None:
                return [], 0
            for event in events:
                if event["epoch"] != cursor["epoch"] or event["seq"] > cursor["seq"] + 1:
                    break
                if event["seq"] == cursor["seq"] + 1:
                    self._apply(room, event)
                    cursor["seq"] += 1
                    taken.append(event)
            if taken:
                self.db.execute("UPDATE rooms SET seq = ?, touched = ? WHERE room = ?", (cursor["seq"], taken[-1]["at"], room))
        return taken, cursor["seq"]

    def _apply(self, room: str, event: Frame) -> None:
        """What one event changes. A kind that is not known here changes nothing, and still counts."""
        kind, data, seq = event["kind"], event["data"], event["seq"]
        message = data.get("message")
        self.db.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?)", (room, seq, kind, event["at"], message))
        if kind == "message.posted":
            self._put(room, {**data, "seq": seq, "at": event["at"], "actor": event["actor"], "edited_seq": None}, NO_REACTIONS, seq)
            if data["client_id"] and (event["actor"] or {}).get("id") == self.fact("me"):
                self.db.execute("DELETE FROM outbox WHERE id = ?", (data["client_id"],))  # it is in the log: sent
            return
        held = self.db.execute("SELECT * FROM messages WHERE message = ? AND as_of < ?", (message, seq)).fetchone()
        if held is None:
            return
        body, mentions, withheld, edited, reactions = held["body"], held["mentions"], held["withheld"], held["edited_seq"], json.loads(held["reactions"])
        if kind == "message.edited":
            edited = seq
            if withheld in (None, "superseded") and not data["withheld"]:
                body, mentions, withheld = data["body"], json.dumps(data["mentions"]), None
            else:
                withheld = heavier(withheld, data["withheld"])
        elif kind in ("message.retracted", "message.hidden"):
            withheld = heavier(withheld, data.get("withheld") or kind.removeprefix("message."))
        elif kind in ("reaction.added", "reaction.removed"):
            reactions[data["reaction"]] = max(0, reactions.get(data["reaction"], 0) + (1 if kind == "reaction.added" else -1))
        elif kind == "message.restored":
            withheld = None  # without words yet: see wordless()
        if withheld:
            body = mentions = None  # the words go the moment the event says so
        self.db.execute(
            "UPDATE messages SET as_of = ?, body = ?, mentions = ?, withheld = ?, edited_seq = ?, reactions = ? WHERE message = ?",
            (seq, body, mentions, withheld, edited, json.dumps(reactions), message),
        )

    def _put(self, room: str, item: Frame, reactions: Frame, as_of: int) -> None:
        actor = item["actor"] or {}
        who = actor.get("id"), actor.get("name"), item["client_id"]
        now = item["body"], json.dumps(item["mentions"]), item["reply_to"], item["edited_seq"], item["withheld"], json.dumps(reactions)
        row = item["message"], room, item["seq"], as_of, item["at"], *who, *now
        self.db.execute(f"INSERT OR REPLACE INTO messages VALUES ({', '.join('?' * len(row))})", row)

    # --- what is drawn ----------------------------------------------------------------

    def messages(self, room: str) -> list[sqlite3.Row]:
        return self.db.execute("SELECT * FROM messages WHERE room = ? ORDER BY seq", (room,)).fetchall()

    def wordless(self, room: str) -> list[int]:
        """Messages whose words came back: the event does not carry them, so they are read again."""
        return [row["seq"] for row in self.db.execute("SELECT seq FROM messages WHERE room = ? AND body IS NULL AND withheld IS NULL", (room,))]

    def log(self, room: str) -> list[tuple[int, str, str | None]]:
        return [(row["seq"], row["kind"], row["message"]) for row in self.db.execute("SELECT * FROM events WHERE room = ? ORDER BY seq", (room,))]

    # --- the outbox -------------------------------------------------------------------

    def write(self, id: str, room: str, body: str, reply_to: str | None = None) -> None:
        """Kept before it is sent, under the id that it will always have."""
        self.db.execute("INSERT INTO outbox (id, room, body, reply_to) VALUES (?, ?, ?, ?)", (id, room, body, reply_to))

    def unsent(self, room: str | None = None) -> list[sqlite3.Row]:
        """In the order of writing, without those that a person has to look at."""
        return self.db.execute("SELECT * FROM outbox WHERE failed IS NULL AND (?1 IS NULL OR room = ?1) ORDER BY n", (room,)).fetchall()

    def failed(self) -> list[sqlite3.Row]:
        return self.db.execute("SELECT * FROM outbox WHERE failed IS NOT NULL ORDER BY n").fetchall()

    def sent(self, id: str) -> None:
        self.db.execute("DELETE FROM outbox WHERE id = ?", (id,))

    def fail(self, id: str, code: str) -> None:
        self.db.execute("UPDATE outbox SET failed = ? WHERE id = ?", (code, id))

    def retry(self, id: str) -> None:
        """A person says so: once more, under the same id."""
        self.db.execute("UPDATE outbox SET failed = NULL WHERE id = ?", (id,))


def heavier(a: str | None, b: str | None) -> str | None:
    found = [why for why in WEIGHT if why in (a, b)]
    return found[0] if found else a or b
