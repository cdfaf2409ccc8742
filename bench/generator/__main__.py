"""Commands on standard input, one JSON line each; one JSON line answers each. Ends with its input."""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
import traceback
from typing import Any

from . import coming, figures, reading, returning, sockets
from .swarm import Swarm

swarms: dict[str, Swarm] = {}


def main() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    gc.freeze()
    gc.disable()  # nothing here makes cycles, and a pause would be counted as latency
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = COMMANDS[command.pop("do")](**command)
        except Exception as error:  # told to the bench, which decides
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
        gc.collect()


def opened(name: str, adapter: str, n: int, writers: int = 8, fan: int | None = None, **options: Any) -> dict[str, Any]:
    began = time.perf_counter()
    made = sockets.ADAPTERS[adapter](**options)
    swarms[name] = Swarm(made, made.open(n), writers=min(writers, n), fan=fan or n)
    return {"open": n, "seconds": time.perf_counter() - began}


def closed(name: str) -> dict[str, Any]:
    swarms.pop(name).close()
    return {}


def signed(**options: Any) -> dict[str, Any]:
    return {"tokens": sockets.sign_in(**options)}


def quiet(name: str, seconds: float) -> dict[str, Any]:
    swarms[name].drain(seconds)
    return {}


def idle(seconds: float, roots: dict[str, list[int]]) -> dict[str, Any]:
    """CPU seconds that others use while nobody asks anything of them."""
    before = {k: figures.cpu(v) for k, v in roots.items()}
    time.sleep(seconds)
    return {"cpu": {k: figures.cpu(v) - before[k] for k, v in roots.items()}}


COMMANDS: dict[str, Any] = {
    "idle": idle,
    "memory": lambda roots: {"bytes": figures.memory(roots)},
    "insert": coming.insert,
    "fill": lambda name, **o: coming.fill(swarms[name], **o),
    "return": coming.back,
    "return_by_rule": returning.back,
    "ask": reading.ask,
    "read": reading.read,
    "enter": reading.enter,
    "sign_in": signed,
    "open": opened,
    "close": closed,
    "quiet": quiet,
    "flood": lambda name, **o: swarms[name].flood(**o),
    "pace": lambda name, **o: swarms[name].pace(**o),
    "store": lambda name, **o: swarms[name].store(**o),
}

if __name__ == "__main__":
    main()
