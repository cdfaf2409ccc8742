"""Runs the worker until SIGTERM or Ctrl-C."""

from __future__ import annotations

import signal
from typing import Any

from django.core.management.base import BaseCommand

from consult.worker import Worker


class Command(BaseCommand):
    help = __doc__

    def handle(self, **options: Any) -> None:
        worker = Worker()
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: worker.stop())
        worker.run()
