"""How long from a press on a notification to the missed messages, on a phone's network: `pytest -s tests/browser/seconds.py`. A figure, not a test."""

from __future__ import annotations

import statistics
import time

from playwright.sync_api import expect

from tests.browser.conftest import Demo, Devices
from tests.browser.pages import PATIENCE
from tests.browser.test_tap import MISSED, WORDS, missing

RUNS = 5
KBIT = 1000 / 8


def test_seconds(device: Devices, demo: Demo) -> None:
    """400 kbit/s down, 200 up, 400 ms, the processor four times slower; shaped by the browser, which leaves the socket and new connections alone."""
    tab, room = missing(device, demo)
    took = []
    for run in range(RUNS):
        page = tab.page
        head = demo.sql("SELECT last_seq FROM rooms_room WHERE id = %s", room)[0][0]
        cdp = tab.device.context.new_cdp_session(page)
        cdp.send("Network.enable")
        cdp.send("Network.emulateNetworkConditions", {"offline": False, "latency": 400, "downloadThroughput": 400 * KBIT, "uploadThroughput": 200 * KBIT})
        cdp.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        begun = time.perf_counter()
        page.goto(f"{tab.device.base}/rooms/{room}?at={head}&new=1", wait_until="commit")
        last = f"Manqué {MISSED} :" if run == 0 else f"Encore {run}.{MISSED} :"
        page.wait_for_function(
            "(text) => [...document.querySelectorAll('article.msg')].some((one) => one.textContent.replace(/\\u00a0/g, ' ').includes(text))", arg=last, timeout=PATIENCE
        )
        took.append(time.perf_counter() - begun)
        cdp.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        cdp.detach()
        page.get_by_role("button", name="Derniers messages").click()
        expect(tab.message(last)).to_be_in_viewport(timeout=PATIENCE)
        page.wait_for_timeout(4000)
        page.goto("about:blank")
        demo.many(room, "camille", [f"Encore {run + 1}.{n} : {WORDS}" for n in range(1, MISSED + 1)])
    print(f"tap: median {statistics.median(took):.2f} s of {', '.join(f'{one:.2f}' for one in took)}")
