"""One integer makes one run: who sends what when, and what breaks when and for how long. The same seed, the same schedule."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field
from typing import Any

PEOPLE = 12
LENGTH_S = 6.0  # of the commands; faults lie inside
PER_SECOND = 45.0
CROWD = 1000

# name: least and most seconds that it lasts
FAULTS: dict[str, tuple[float, float]] = {
    "node killed": (0.5, 1.5),
    "node drained": (2.0, 2.5),
    "redis killed": (0.5, 2.5),
    "redis frozen": (2.5, 2.5),
    "redis flushed": (0, 0),
    "redis pubsub killed": (0, 0),
    "redis other data": (0.3, 0.8),
    "postgres sessions ended": (0, 0),
    "postgres restarted": (0, 0),
    "postgres read-only": (0.5, 2.0),
    "postgres disk full": (1.0, 2.0),
    "commit cut": (0, 0),
    "net delay": (0.8, 2.0),
    "net cut": (0, 0),
    "net half-open": (1.0, 7.0),
    "net one way frozen": (1.0, 3.5),
    "net fragments": (1.0, 2.5),
    "reader stuck": (1.5, 3.0),
    "resend everything": (0, 0),
    "member removed": (0, 0),
    "member suspended": (0, 0),
    "worker killed": (0.3, 1.5),
    "clock jump": (1.2, 2.5),
    "crowd back": (0, 0),
}
RARE = {"crowd back"}  # long: one run in CROWD_EVERY
CROWD_EVERY = 20
COMMANDS = {"post": 52, "http": 10, "edit": 9, "retract": 4, "react": 10, "unreact": 3, "again": 5, "leave": 3, "mark": 4}
QUIET_S = 2.5  # before Redis freezes nothing else is broken: what an acknowledgement takes then is the normal value


@dataclass
class Fault:
    at: float
    name: str
    seconds: float
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class Plan:
    seed: int
    devices: list[int]  # person of each socket
    members: list[list[int]]  # of each room; the first owns it
    commands: list[dict[str, Any]]
    faults: list[Fault]
    length: float
    crowd: int = 0
    clear: list[int] = field(default_factory=list)  # whose network and reading stay sound: they lose a right, and what is on its way to them when they do is no fault

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def plan(seed: int, *, only: list[str] | None = None, crowd: int = CROWD) -> Plan:
    """`only` takes the place of the faults that the seed would choose, not of their times."""
    rng = random.Random(seed)
    devices = list(range(PEOPLE)) + rng.sample(range(PEOPLE), 4)
    members = [list(range(PEOPLE))] + [[0, *rng.sample(range(1, PEOPLE), n)] for n in (6, 8, 7)]
    names = only if only is not None else _names(seed, rng)
    frozen = "redis frozen" in names
    length = LENGTH_S + (2 * QUIET_S - 0.5 if frozen else 0)
    faults = [_fault(rng, name, frozen, length) for name in names]
    faults.sort(key=lambda fault: fault.at)
    made = Plan(seed, devices, members, [], faults, length, crowd if "crowd back" in names else 0)
    made.clear = sorted({loser(made, fault) for fault in faults if fault.name in ("member removed", "member suspended")})
    made.commands = _commands(rng, made)
    return made


def loser(plan: Plan, fault: Fault) -> int:
    """Who is removed or suspended; never person 0, who owns the rooms."""
    if fault.name == "member suspended":
        return int(fault.options["person"])
    members = plan.members[fault.options["room"]]
    return members[1 + fault.options["person"] % (len(members) - 1)]


def _names(seed: int, rng: random.Random) -> list[str]:
    names = rng.sample([name for name in FAULTS if name not in RARE], 5)
    if seed % CROWD_EVERY == CROWD_EVERY // 2:
        names = ["crowd back", *names[:2]]
    if "commit cut" not in names and rng.random() < 0.6:
        names.append("commit cut")
    return names


def _fault(rng: random.Random, name: str, frozen: bool, length: float) -> Fault:
    low, high = FAULTS[name]
    seconds = round(rng.uniform(low, high), 2)
    at = QUIET_S if name == "redis frozen" else rng.uniform(2 * QUIET_S + 0.3 if frozen else 0.7, length - 1.2)
    options: dict[str, Any] = {"node": rng.randrange(2), "wire": rng.randrange(2), "person": rng.randrange(1, PEOPLE), "room": rng.randrange(3)}
    match name:
        case "commit cut":
            options["times"] = rng.randint(4, 7)
        case "net delay":
            options["delay"] = round(rng.uniform(0.03, 0.4), 3)
        case "clock jump":
            options["by"] = rng.choice([-7200, -60, -3, 3, 45, 3600])
        case "postgres restarted":
            options["at_once"] = rng.random() < 0.5
    return Fault(round(at, 2), name, seconds, options)


def _commands(rng: random.Random, plan: Plan) -> list[dict[str, Any]]:
    """A steady stream with bursts; and what clients themselves do as a fault."""
    made: list[dict[str, Any]] = []
    at, kinds, weights = 0.0, list(COMMANDS), list(COMMANDS.values())
    while at < plan.length:
        at += rng.expovariate(PER_SECOND)
        do = rng.choices(kinds, weights)[0]
        device = rng.randrange(len(plan.devices))
        rooms = [n for n, who in enumerate(plan.members) if plan.devices[device] in who]
        room = rng.choice(rooms)
        step = {
            "at": round(at, 3),
            "do": do,
            "device": device,
            "room": room,
            "id": _uuid(rng),
            "pick": rng.random(),
            "reaction": rng.choice(["agree", "useful", "thanks", "discuss"]),
        }
        made.append(step)
        if do == "leave":
            made.append({**step, "do": "enter", "at": round(at + rng.uniform(0.2, 1.0), 3)})
        if do == "post" and rng.random() < 0.05:
            made += [{**step, "id": _uuid(rng)} for _ in range(rng.randint(4, 12))]
    for fault in plan.faults:
        device = plan.devices.index(next(p for p in range(fault.options["person"], fault.options["person"] + PEOPLE) if p % PEOPLE not in plan.clear) % PEOPLE)
        if fault.name == "resend everything":
            made += [{"at": fault.at, "do": "resend", "device": n, "room": 0} for n in range(len(plan.devices))]
        if fault.name == "reader stuck":
            made.append({"at": fault.at, "do": "stall", "device": device, "room": 0, "seconds": fault.seconds})
            made += [{"at": round(fault.at + 0.1 + n * 0.01, 3), "do": "fat", "device": 0, "room": 0, "id": _uuid(rng), "pick": rng.random()} for n in range(90)]
        if fault.name == "crowd back":
            made.append({"at": fault.at, "do": "cut crowd", "device": 0, "room": 0})
    made.sort(key=lambda step: step["at"])
    return made


def _uuid(rng: random.Random) -> str:
    raw = f"{rng.getrandbits(128):032x}"
    return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-a{raw[17:20]}-{raw[20:]}"
