"""How long from a press on a notification to the missed messages, on a phone's network: `pytest -s tests/browser/seconds.py`.

By its name no part of the suite: on a machine that does something else as well it measures that.
"""

from __future__ import annotations

import statistics
import time

from playwright.sync_api import expect

from tests.browser.conftest import Demo, Devices
from tests.browser.pages import PATIENCE
from tests.browser.test_tap import ASKED, MISSED, WORDS, Count, missing
from tests.shape import ShapedLink, shaped

RUNS = 5
ASKED_S = 2.5


class Counted(ShapedLink):
    """A slow line that counts what both ends say."""

    def saw(self, data: bytes, *, upwards: bool) -> None:
        counts: Count = self.proxy.counts  # type: ignore[attr-defined]
        counts.bytes += len(data)
        if upwards:
            counts.requests += [found[2].decode() for found in ASKED.finditer(data)]


def test_seconds(device: Devices, demo: Demo) -> None:
    """400 kbit/s down, 200 up, 400 ms there and back, for HTTP and the socket alike (tests/shape.py), the processor four times slower."""
    tab, room = missing(device, demo)
    cable = tab.device.cable
    cable.link = shaped(down_kbit=400, up_kbit=200, round_trip_ms=400, base=Counted)
    took, requests, size = [], [], []
    for run in range(RUNS):
        page = tab.page
        head = demo.sql("SELECT last_seq FROM rooms_room WHERE id = %s", room)[0][0]
        cdp = tab.device.context.new_cdp_session(page)
        cdp.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        cable.drop()  # a phone that was asleep has no connection left
        counts = cable.counts = Count()  # type: ignore[attr-defined]
        begun = time.perf_counter()
        page.goto(f"{tab.device.base}/rooms/{room}?at={head}&new=1", wait_until="commit")
        last = f"Manqué {MISSED} :" if run == 0 else f"Encore {run}.{MISSED} :"
        page.wait_for_function(
            "(text) => [...document.querySelectorAll('article.msg')].some((one) => one.textContent.replace(/\\u00a0/g, ' ').includes(text))", arg=last, timeout=PATIENCE
        )
        took.append(time.perf_counter() - begun)
        requests.append(len(counts.requests))
        size.append(counts.bytes)
        cdp.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        cdp.detach()
        page.get_by_role("button", name="Derniers messages").click()
        expect(tab.message(last)).to_be_in_viewport(timeout=PATIENCE)
        page.wait_for_timeout(4000)
        page.goto("about:blank")
        demo.many(room, "camille", [f"Encore {run + 1}.{n} : {WORDS}" for n in range(1, MISSED + 1)])
    print(f"tap: median {statistics.median(took):.2f} s of {', '.join(f'{one:.2f}' for one in took)}; at most {max(requests)} requests, {max(size)} bytes")
    assert statistics.median(took) <= ASKED_S
