"""Who had lost what, and since when: nothing of a room reaches a person once the grace is over, until it is theirs again."""

from __future__ import annotations

from bench.chaos.checks.verdict import Terms, Verdict


class Rights:
    def __init__(self, verdict: Verdict, terms: Terms) -> None:
        self.verdict, self.terms = verdict, terms
        self.lost: dict[tuple[str, str | None], float] = {}  # (person, room), or (person, None) for all rooms
        self.newest: dict[tuple[str, str | None], int] = {}  # seq that had been seen of the room by then

    def lose(self, person: str, room: str | None, at: float, newest: int = 0) -> None:
        self.lost[person, room], self.newest[person, room] = at, newest

    def joined(self, person: str, room: str, seq: int) -> None:
        """Someone heard that this person joined: again, unless it is an old event in a replay."""
        if seq > self.newest.get((person, room), 0):
            self.lost.pop((person, room), None)

    def give(self, person: str, room: str | None) -> None:
        self.lost.pop((person, room), None)
        if room is None:
            self.lost = {key: at for key, at in self.lost.items() if key[0] != person}

    def since(self, person: str, room: str) -> float | None:
        """When the right went that is still gone."""
        times = [at for key in ((person, room), (person, None)) if (at := self.lost.get(key)) is not None]
        return min(times) if times else None

    def heard(self, person: str, room: str, at: float, what: str) -> None:
        gone = self.since(person, room) if self.lost else None
        if gone is not None and at > gone + self.terms.revoked_s:
            self.verdict.fault("revoked", f"{what} of {room} reached {person} {at - gone:.2f} s after the right was lost")

    def wrote(self, person: str, room: str, sent_at: float) -> None:
        """An accepted new post: the right to write is read under the room's lock, so there is no grace."""
        gone = self.lost.get((person, room))
        if gone is not None and sent_at > gone:
            self.verdict.fault("revoked", f"{person} wrote in {room} {sent_at - gone:.2f} s after the right was lost")
