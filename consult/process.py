"""What this web process uses: CPU, memory, descriptors, and the pool of connections that HTTP requests share.

A thread looks every few seconds, so that it is seen also while the event loop is blocked and before the first socket comes.
"""

from __future__ import annotations

import logging
import os
import resource
import threading
import time
from pathlib import Path
from typing import Any

from django.db.backends.postgresql.base import DatabaseWrapper

from consult import __version__, figures

logger = logging.getLogger("consult.process")

LOOK_S = 2.0
# What psycopg's pool counts from its beginning: the figure of each, and in what unit it is told.
POOLED = {"requests_queued": (figures.pool_waits, 1), "requests_wait_ms": (figures.pool_wait_seconds, 1000), "requests_errors": (figures.pool_errors, 1)}


class Watch(threading.Thread):
    def __init__(self) -> None:
        super().__init__(name="process-watch", daemon=True)
        self.cpu = 0.0
        self.pool: Any = None
        self.counted: dict[str, int] = {}

    def run(self) -> None:
        figures.processes.set(1)
        figures.started.set(time.time())
        figures.build.labels(__version__).set(1)
        while True:
            try:
                self._process()
                self._pool(vars(DatabaseWrapper)["_connection_pools"].get("default"))  # its property would make one
            except Exception:  # a figure that fails must not end the others for good
                logger.exception("the process could not be seen")
            time.sleep(LOOK_S)

    def _process(self) -> None:
        used = time.process_time()
        figures.cpu_seconds.inc(used - self.cpu)
        self.cpu = used
        if Path("/proc/self/statm").exists():  # Linux
            resident = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
            figures.memory.set(resident)
            figures.memory_largest.set(resident)
            figures.descriptors.set(len(os.listdir("/proc/self/fd")))
        figures.descriptors_limit.set(resource.getrlimit(resource.RLIMIT_NOFILE)[0])

    def _pool(self, pool: Any) -> None:
        if pool is None:  # no request has needed one yet
            return
        now = pool.get_stats()
        if pool is not self.pool:
            self.pool, self.counted = pool, {}
        for name, (figure, unit) in POOLED.items():
            figure.inc((now.get(name, 0) - self.counted.get(name, 0)) / unit)
        self.counted = now
        figures.pool_connections.labels("idle").set(now["pool_available"])
        figures.pool_connections.labels("used").set(max(0, now["pool_size"] - now["pool_available"]))
        figures.pool_waiting.set(now.get("requests_waiting", 0))


def watch() -> None:
    """Called once, where the application is served."""
    Watch().start()
