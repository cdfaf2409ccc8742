"""A 12-megapixel photo against what Pillow needs for one size; and twenty uploads beside a live room. One JSON line with what was measured."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consult.settings")
os.environ.setdefault("CONSULT_LOCAL", "1")

import httpx
import numpy as np
from django.conf import settings
from PIL import Image, ImageOps

from consult.images import pixels
from consult.images.darkroom import Darkroom, Developed
from tests.live import CHECKOUT, Node, Socket, Someone, Stack, services

UPLOADS = 20
ROUNDS = 7
BOUNDS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0)  # of figures.loop_lag


def photo() -> bytes:
    """4,032 × 3,024 with the noise of a sensor, laid on its side as a telephone lays it."""
    from tests.images.pictures import exif

    small = Image.open(Path(CHECKOUT, "tests/images/astronaut.jpg")).resize((4032, 3024), Image.Resampling.BICUBIC)
    noise = np.random.default_rng(1).normal(0, 6, (3024, 4032, 3))
    into = io.BytesIO()
    Image.fromarray((np.asarray(small) + noise).clip(0, 255).astype(np.uint8)).save(into, "JPEG", quality=92, exif=exif("bench", orientation=6))
    return into.getvalue()


def once(data: bytes) -> None:
    """What Pillow needs: decode, turn, resize, encode, to one size."""
    side, quality = pixels.SIZES["zoom"]
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    image.thumbnail((side, side), Image.Resampling.BICUBIC, reducing_gap=None)
    image.save(io.BytesIO(), "WEBP", quality=quality, method=pixels.METHOD)


def speed(data: bytes) -> dict[str, Any]:
    """Processor time, by turns, since the machine may be busy: the ratio of each round; and the child's memory."""
    found: dict[str, Any] = {"ratio": [], "memory": [], "with_nets": [], "memory_with_nets": []}
    room = Darkroom()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "upload")
        source.write_bytes(data)
        for _ in range(ROUNDS):
            began = time.process_time()
            once(data)
            theirs = time.process_time() - began
            for nets, ratio, memory in (([], "ratio", "memory"), (["faces"], "with_nets", "memory_with_nets")):
                settings.IMAGE_NETS = nets
                done = room.develop(source, Path(folder))
                assert isinstance(done, Developed), done
                found[ratio].append(done.cpu / theirs if not nets else done.cpu)
                found[memory].append(done.memory / 2**20)
    room.close()
    return found


def send(node: Node, who: Someone, data: bytes) -> str:
    with httpx.Client(base_url=node.base, headers=who.headers, trust_env=False, timeout=120) as client:
        begun = client.post("/api/v1/images", json={"id": str(uuid.uuid4()), "size": len(data)}).json()
        image, piece = begun["image"], begun["piece_bytes"]
        for at in range(0, len(data), piece):
            assert client.patch(f"/api/v1/images/{image}", content=data[at : at + piece], headers={"Upload-Offset": str(at)}).status_code == 204
        return str(image)


async def listen(node: Node, who: Someone, over: threading.Event) -> None:
    """Someone is in a room meanwhile: it is the loop that delivers to them whose lag is measured."""
    socket = await Socket.open(node, who)
    while not over.is_set():
        await asyncio.sleep(0.2)
    await socket.close()


def lags(node: Node) -> list[float]:
    return [node.figure("consult_loop_lag_seconds_bucket", le=str(bound)) for bound in BOUNDS]


def p99(before: list[float], after: list[float]) -> float:
    """Between the bounds of the histogram, in ms."""
    counts = [b - a for a, b in zip(before, after, strict=True)]
    wanted, low, below = 0.99 * counts[-1], 0.0, 0.0
    for bound, count in zip(BOUNDS, counts, strict=True):
        if count >= wanted:
            return 1000 * (low + (bound - low) * (wanted - below) / max(count - below, 1e-9))
        low, below = bound, count
    return 1000 * BOUNDS[-1]


def beside(data: bytes) -> dict[str, float]:
    """Twenty uploads to a web process, four at a time, with the worker at work: how late its loop runs, and how long all takes."""
    with services() as made:
        stack = Stack(made)
        node, over = stack.node(env={"HEARTBEAT_MS": "1000"}), threading.Event()  # the lag is looked at twenty times as often
        worker = subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=CHECKOUT, env={**made.env(stack.database, stack.redis_url), "LOG_LEVEL": "WARNING"})
        try:
            who = next(iter(made.people.values()))
            threading.Thread(target=lambda: asyncio.run(listen(node, who, over)), daemon=True).start()
            time.sleep(5)
            quiet = lags(node)
            time.sleep(10)
            began, before = time.monotonic(), lags(node)
            with ThreadPoolExecutor(4) as pool:
                images = list(pool.map(lambda _: send(node, who, data), range(UPLOADS)))
            sent = time.monotonic() - began
            states: list[str] = []
            while not states or {"working", "uploading"} & set(states):
                time.sleep(0.5)
                answer = httpx.get(f"{node.base}/api/v1/images", params={"ids": ",".join(images)}, headers=who.headers, trust_env=False, timeout=60).json()
                states = [image["state"] for image in answer["images"]]
            after = lags(node)
            assert states.count("ready") + states.count("held") == UPLOADS, states
            return {"lag": p99(before, after), "lag_idle": p99(quiet, before), "sent": sent, "all": time.monotonic() - began}
        finally:
            over.set()
            worker.terminate()
            worker.wait(60)
            stack.stop()


def main() -> None:
    data = photo()
    print(json.dumps({**speed(data), **beside(data), "megabytes": len(data) / 1e6}))


if __name__ == "__main__":
    main()
