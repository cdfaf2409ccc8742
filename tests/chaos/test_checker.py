"""The checker against small journals written by hand: an honest one passes, and each kind of lie is named."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.chaos.checker import judge, main
from bench.chaos.checks.verdict import CLAIMS, Terms

Frame = dict[str, Any]
R, E = "room", "epoch"


def post(seq: int, id: str, person: str = "ann", body: str | None = None, **data: Any) -> Frame:
    """The event of a post; the n-th post of the room where `seq` is n."""
    words = {"body": f"words of {id}" if body is None else body, "mentions": [], "withheld": None}
    ids = {"message": f"m-{id}", "client_id": id, "post_no": seq, "reply_to": None, "images": [], "form": "text"}
    return event(seq, "message.posted", person, **{**ids, **words, **data})


def event(seq: int, kind: str, by: str, **data: Any) -> Frame:
    actor = {"id": by, "name": f"Dr {by}", "as": None}
    return {"type": "event", "room": R, "epoch": E, "seq": seq, "kind": kind, "at": f"2026-11-25T00:00:{seq:02}.000Z", "actor": actor, "data": data}


def withheld(frame: Frame, why: str = "retracted") -> Frame:
    return {**frame, "data": {**frame["data"], "body": None, "mentions": None, "withheld": why}}


class Story:
    """Writes a journal as a run would. Each line is a tenth of a second later than the one before."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.at, self.refs = 100.0, 0

    def line(self, what: str, *, wait: float = 0.1, **fields: Any) -> None:
        self.at += wait
        self.lines.append({"at": self.at, "what": what, **fields})

    def open(self, socket: str, person: str) -> None:
        self.line("open", socket=socket, person=person)

    def sent(self, socket: str, type: str, **fields: Any) -> int:
        self.refs += 1
        self.line("sent", socket=socket, person=socket[:3], frame={"type": type, "ref": self.refs, **fields})
        return self.refs

    def got(self, socket: str, *frames: Frame, **how: Any) -> None:
        for frame in frames:
            self.line("got", socket=socket, person=socket[:3], frame=frame, **how)

    def ok(self, socket: str, ref: int, **fields: Any) -> None:
        self.got(socket, {"type": "ok", "ref": ref, **fields})

    def refused(self, socket: str, ref: int, code: str) -> None:
        self.got(socket, {"type": "refused", "ref": ref, "code": code, "message": "", "temporary": False})

    def enter(self, socket: str, head: int, after: int | None = None, mode: str | None = None, head_epoch: str = E) -> None:
        cursor = None if after is None else {"epoch": E, "seq": after}
        ref = self.sent(socket, "room.enter", room=R, after=cursor)
        self.ok(socket, ref, room=R, head={"epoch": head_epoch, "seq": head}, mode=mode or ("reset" if after is None else "replay"), state={"first_seq": 0})

    def posts(self, socket: str, id: str, *, body: str | None = None) -> int:
        return self.sent(socket, "message.post", room=R, id=id, body=body or f"words of {id}")

    def log(self, person: str, events: list[Frame]) -> None:
        self.line("log", person=person, room=R, epoch=E, head=events[-1]["seq"] if events else 0, events=events)

    def faults(self, folder: Path) -> dict[str, int]:
        path = folder / "journal"
        path.write_text("".join(json.dumps(line) + "\n" for line in self.lines))
        verdict = judge(path, Terms(revoked_s=1.0, heal_s=5.0))
        assert set(verdict.examples) == set(verdict.faults)
        return dict(verdict.faults)


LOG = [post(1, "a"), post(2, "b", "bob"), event(3, "message.retracted", "ann", message="m-a"), post(4, "c", post_no=3)]
NOW = [withheld(LOG[0]), *LOG[1:]]  # as it is read at the end


def honest() -> Story:
    """Ann and Bob write; ann retracts; bob is cut, resumes, and sends again what was not answered; a third is refused."""
    s = Story()
    s.open("ann1", "ann")
    s.open("bob1", "bob")
    s.enter("ann1", 0)
    s.enter("bob1", 0)
    s.ok("ann1", s.posts("ann1", "a"), seq=1, message="m-a")
    s.got("ann1", LOG[0])
    s.got("bob1", LOG[0])
    s.posts("bob1", "b")
    s.line("closed", socket="bob1", person="bob", code=1006)
    s.got("ann1", LOG[1])
    s.got("ann1", {"type": "heads", "rooms": {R: 2}})
    s.ok("ann1", s.sent("ann1", "message.retract", room=R, message="m-a"), seq=3)
    s.got("ann1", LOG[2])
    s.open("bob2", "bob")
    s.enter("bob2", 3, after=0)
    s.got("bob2", *NOW[:3])
    s.ok("bob2", s.posts("bob2", "b"), seq=2, message="m-b", duplicate=True)
    s.refused("bob2", s.posts("bob2", "blank"), "message.blank")
    s.line("posted", person="ann", room=R, status=201, request={"id": "c", "body": "words of c"}, answer={"seq": 4, "message": "m-c"})
    s.line("calm")
    for socket in ("ann1", "bob2"):
        s.got(socket, LOG[3])
    s.log("ann", copy.deepcopy(NOW))
    s.log("bob", copy.deepcopy(NOW))
    return s


def test_an_honest_journal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert honest().faults(tmp_path) == {}
    assert main([str(tmp_path / "journal")]) == 0
    printed = capsys.readouterr().out
    assert all(f"\n{claim}" in printed for claim in CLAIMS)
    assert ["acknowledged", "4"] in [line.split() for line in printed.splitlines()]


def test_a_fault_is_printed_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    story = honest()
    story.log("bob", NOW[:2])
    story.faults(tmp_path)
    assert main([str(tmp_path / "journal")]) == 1
    assert f"line {len(story.lines)}: bob reads room up to 2" in capsys.readouterr().out


# --- lies ------------------------------------------------------------------------

Lie = Callable[[Story], None]
LIES: list[tuple[str, str, Lie]] = []


def lie(claim: str) -> Callable[[Lie], Lie]:
    def keep(tell: Lie) -> Lie:
        LIES.append((claim, tell.__name__, tell))
        return tell

    return keep


def frames(s: Story, what: str = "got") -> list[dict[str, Any]]:
    return [x for x in s.lines if x["what"] == what]


def before_calm(s: Story) -> int:
    return next(i for i, x in enumerate(s.lines) if x["what"] == "calm")


def insert(s: Story, index: int, what: str, **fields: Any) -> None:
    s.lines.insert(index, {"at": s.lines[index - 1]["at"], "what": what, **fields})


def logs(s: Story) -> list[list[Frame]]:
    return [x["events"] for x in frames(s, "log")]


def events_at(s: Story, socket: str) -> list[dict[str, Any]]:
    return [x for x in frames(s) if x["socket"] == socket and x["frame"]["type"] == "event"]


def replace_ok(s: Story, nth: int, **fields: Any) -> None:
    oks = [x for x in frames(s) if x["frame"]["type"] == "ok" and "message" in x["frame"]]
    oks[nth]["frame"].update(fields)


@lie("missing")
def acknowledged_and_gone(s: Story) -> None:
    for log in frames(s, "log"):
        log["events"], log["head"] = log["events"][:3], 3


@lie("missing")
def acknowledged_at_another_place(s: Story) -> None:
    replace_ok(s, 0, seq=2)


@lie("missing")
def stored_with_other_words(s: Story) -> None:
    for log in logs(s):
        log[3]["data"]["body"] = "changed"


@lie("missing")
def a_retraction_that_is_not_there(s: Story) -> None:
    for log in frames(s, "log"):
        log["events"][2]["kind"] = "message.hidden"


@lie("missing")
def no_one_reads_the_room(s: Story) -> None:
    for log in frames(s, "log"):
        log["room"] = "another"
        for frame in log["events"]:
            frame["room"] = "another"


@lie("lied")
def refused_and_written(s: Story) -> None:
    for log in frames(s, "log"):
        log["events"].append(post(5, "blank", "bob", body="words of blank", post_no=4))
        log["head"] = 5


@lie("lied")
def two_answers_to_one_id(s: Story) -> None:
    ref = s.posts("ann1", "a")
    s.ok("ann1", ref, seq=4, message="m-c", duplicate=True)


@lie("lied")
def acknowledged_as_new_twice(s: Story) -> None:
    s.ok("ann1", s.posts("ann1", "a"), seq=1, message="m-a")


@lie("lied")
def a_duplicate_of_nothing(s: Story) -> None:
    replace_ok(s, 0, duplicate=True)


@lie("lied")
def acknowledged_then_refused(s: Story) -> None:
    s.refused("ann1", s.posts("ann1", "a"), "room.not_found")


@lie("duplicated")
def one_id_twice_in_the_log(s: Story) -> None:
    for log in logs(s):
        log[3]["data"]["client_id"] = "a"


@lie("duplicated")
def delivered_twice(s: Story) -> None:
    s.got("ann1", LOG[3])


@lie("duplicated")
def retracted_twice(s: Story) -> None:
    for log in frames(s, "log"):
        log["events"].append(event(5, "message.retracted", "ann", message="m-a"))
        log["head"] = 5


@lie("out of order")
def a_hole(s: Story) -> None:
    s.lines.remove(events_at(s, "ann1")[1])


@lie("out of order")
def swapped(s: Story) -> None:
    first, second = events_at(s, "bob2")[:2]
    first["frame"], second["frame"] = second["frame"], first["frame"]


@lie("out of order")
def before_its_ok(s: Story) -> None:
    ref = s.sent("bob2", "room.leave", room=R)
    s.ok("bob2", ref)
    s.sent("bob2", "room.enter", room=R, after={"epoch": E, "seq": 3})
    s.got("bob2", LOG[3])


@lie("out of order")
def after_left(s: Story) -> None:
    s.got("bob2", {"type": "left", "room": R, "code": "room.removed"}, LOG[3])


@lie("out of order")
def time_goes_back(s: Story) -> None:
    for log in logs(s):
        log[1]["at"] = LOG[3]["at"]


@lie("out of order")
def a_log_with_a_hole(s: Story) -> None:
    for log in logs(s):
        del log[1]


@lie("out of order")
def a_post_without_its_number(s: Story) -> None:
    for log in logs(s):
        log[3]["data"]["post_no"] = 9


@lie("out of order")
def answered_before_its_turn(s: Story) -> None:
    first, second = s.posts("ann1", "a"), s.posts("ann1", "blank")
    s.refused("ann1", second, "message.blank")
    s.ok("ann1", first, seq=1, message="m-a", duplicate=True)


@lie("out of order")
def written_before_what_was_seen(s: Story) -> None:
    for log in frames(s, "log"):
        log["events"][2:2] = [post(3, "late", body="words of late")]
        for seq, frame in enumerate(log["events"], 1):
            frame.update(seq=seq)
        log["head"] = 5
    s.ok("ann1", s.posts("ann1", "late"), seq=3, message="m-late")


@lie("out of order")
def a_head_that_goes_back(s: Story) -> None:
    s.enter("bob2", 2, after=2)


@lie("differing logs")
def a_page_without_an_event(s: Story) -> None:
    del logs(s)[1][1]


@lie("differing logs")
def a_log_that_begins_late(s: Story) -> None:
    del logs(s)[1][:2]


@lie("differing logs")
def delivered_and_rolled_back(s: Story) -> None:
    for socket in ("ann1", "bob2"):
        s.got(socket, post(5, "ghost"))


@lie("differing logs")
def delivered_by_someone_else(s: Story) -> None:
    events_at(s, "bob1")[0]["frame"] = post(1, "a", "bob")


@lie("differing logs")
def delivered_with_other_words(s: Story) -> None:
    events_at(s, "ann1")[1]["frame"] = post(2, "b", "bob", body="other")


@lie("differing logs")
def words_that_nobody_sent(s: Story) -> None:
    for log in frames(s, "log"):
        log["events"].append(post(5, "d", body="not these", post_no=4))
        log["head"] = 5
    s.posts("ann1", "d")


@lie("words")
def retracted_and_in_the_log(s: Story) -> None:
    for log in logs(s):
        log[0] = LOG[0]


@lie("words")
def retracted_and_replayed(s: Story) -> None:
    events_at(s, "bob2")[0]["frame"] = LOG[0]


@lie("words")
def withheld_without_a_reason(s: Story) -> None:
    events_at(s, "ann1")[1]["frame"] = withheld(LOG[1])


@lie("epoch")
def another_epoch(s: Story) -> None:
    s.enter("bob2", 4, after=4, mode="reset", head_epoch="other")


@lie("epoch")
def reset_for_no_reason(s: Story) -> None:
    s.enter("bob2", 4, after=3, mode="reset")


@lie("epoch")
def replayed_from_nowhere(s: Story) -> None:
    s.enter("bob2", 4, mode="replay")


@lie("revoked")
def heard_after_the_loss(s: Story) -> None:
    insert(s, before_calm(s) - 1, "lost", person="bob", room=R)
    events_at(s, "bob2")[-1]["at"] += 2


@lie("revoked")
def heard_after_the_sessions_ended(s: Story) -> None:
    insert(s, before_calm(s) - 1, "gone", person="bob")
    events_at(s, "bob2")[-1]["at"] += 2


@lie("revoked")
def entered_after_the_loss(s: Story) -> None:
    s.line("lost", person="bob", room=R)
    s.got("bob2", {"type": "left", "room": R, "code": "room.removed"})
    s.at += 2
    s.enter("bob2", 4, after=4)


@lie("revoked")
def wrote_after_the_loss(s: Story) -> None:
    s.lines.insert(0, {"at": 1.0, "what": "lost", "person": "bob", "room": R})
    replace_ok(s, 1, duplicate=False)


@lie("revoked")
def never_told_of_the_loss(s: Story) -> None:
    s.line("lost", person="bob", room=R)
    s.line("calm", wait=6)


@lie("not delivered")
def a_skipped_heal(s: Story) -> None:
    s.lines.remove(events_at(s, "bob2")[-1])


@lie("not delivered")
def a_hole_at_the_end(s: Story) -> None:
    for log in frames(s, "log"):
        log["events"].append(post(5, "d", "bob", body="words of d", post_no=4))
        log["head"] = 5
    s.got("ann1", post(5, "d", "bob", body="words of d", post_no=4))
    s.line("closed", socket="bob2", person="bob", code=1000)


@lie("not delivered")
def a_late_heal(s: Story) -> None:
    for line in s.lines[s.lines.index(events_at(s, "bob2")[-1]) :]:
        line["at"] += 6


@lie("heads")
def counted_before_it_came(s: Story) -> None:
    heads = next(x for x in frames(s) if x["frame"]["type"] == "heads")
    heads["frame"]["rooms"][R] = 3


@lie("heads")
def counted_and_never_came(s: Story) -> None:
    s.got("ann1", {"type": "heads", "rooms": {R: 5}})


@lie("heads")
def of_a_room_not_entered(s: Story) -> None:
    s.got("ann1", {"type": "heads", "rooms": {"elsewhere": 5}})


@lie("answers")
def answered_twice(s: Story) -> None:
    s.ok("ann1", frames(s, "sent")[0]["frame"]["ref"], seq=1)


@lie("answers")
def never_answered(s: Story) -> None:
    s.posts("ann1", "d")
    s.line("calm", wait=6)


@lie("answers")
def a_resume_without_a_word(s: Story) -> None:
    s.open("bob3", "bob")
    ref = s.sent("bob3", "hello", resume=[{"room": R, "after": {"epoch": E, "seq": 4}}])
    s.ok("bob3", ref, personal={"room": "bob's", "head": {"epoch": "x", "seq": 0}})
    s.line("calm", wait=6)


@lie("unreadable")
def without_logs(s: Story) -> None:
    s.lines = [x for x in s.lines if x["what"] != "log"]


@pytest.mark.parametrize(("claim", "name", "tell"), LIES, ids=[f"{claim}: {name}" for claim, name, _ in LIES])
def test_a_lie_is_named(tmp_path: Path, claim: str, name: str, tell: Lie) -> None:
    story = honest()
    tell(story)
    assert claim in story.faults(tmp_path)


def test_every_claim_has_its_lie() -> None:
    assert {claim for claim, *_ in LIES} == set(CLAIMS)


# --- what is no lie ------------------------------------------------------------------


def test_what_was_queued_when_a_right_was_lost_is_dropped(tmp_path: Path) -> None:
    """`heads` may count what was then discarded with the room."""
    s = honest()
    s.line("lost", person="bob", room=R)
    s.got("bob2", {"type": "heads", "rooms": {R: 5}}, {"type": "left", "room": R, "code": "room.removed"})
    assert s.faults(tmp_path) == {}


def test_who_joined_again_hears_again(tmp_path: Path) -> None:
    s = honest()
    joined = event(5, "member.joined", "ann", person="bob")
    insert(s, before_calm(s), "lost", person="bob", room=R)
    s.at += 3
    s.lines.append({"at": s.at, "what": "got", "socket": "ann1", "person": "ann", "frame": joined})
    s.got("bob2", joined)
    for log in frames(s, "log"):
        log["events"].append(joined)
        log["head"] = 5
    assert s.faults(tmp_path) == {}


def test_an_old_joining_gives_nothing_back(tmp_path: Path) -> None:
    s = honest()
    s.line("lost", person="bob", room=R)
    s.got("ann1", event(2, "member.joined", "ann", person="bob"))
    s.line("calm", wait=6)
    assert "revoked" in s.faults(tmp_path)


def test_an_unanswered_try_excuses_a_refusal(tmp_path: Path) -> None:
    """The first try was cut and took effect late; the second was refused by a server that wrote nothing."""
    s = honest()
    duplicate = next(x for x in frames(s) if x["frame"].get("duplicate"))
    duplicate["frame"] = {"type": "refused", "ref": duplicate["frame"]["ref"], "code": "service.unavailable"}
    assert s.faults(tmp_path) == {}


def test_who_joined_later_reads_from_there(tmp_path: Path) -> None:
    """A private room: the log of a newcomer begins with their joining."""
    s = honest()
    joined = event(5, "member.joined", "ann", person="eve")
    for socket in ("ann1", "bob2"):
        s.got(socket, joined)
    for log in frames(s, "log"):
        log["events"].append(joined)
        log["head"] = 5
    s.log("eve", [joined])
    assert s.faults(tmp_path) == {}


def test_restored_words_may_be_shown(tmp_path: Path) -> None:
    s = honest()
    rest = [event(5, "message.hidden", "ann", message="m-b"), event(6, "message.restored", "ann", message="m-b")]
    for socket in ("ann1", "bob2"):
        s.got(socket, *rest)
    for log in frames(s, "log"):
        log["events"] += rest
        log["head"] = 6
    assert s.faults(tmp_path) == {}


def test_a_torn_journal(tmp_path: Path) -> None:
    story = honest()
    story.faults(tmp_path)
    path = tmp_path / "journal"
    path.write_text(path.read_text()[:-10])
    assert "unreadable" in judge(path).faults
