"""As a command: a worker that knows the tests' jobs, with one more that the clock asks for each second."""

from __future__ import annotations

import time

import django


def main() -> None:
    django.setup()
    from django.core.management import call_command

    from consult.jobs.declared import every
    from tests.jobs.tasks import say

    @every("* * * * * *", "test.tick")
    def tick() -> None:
        say("tick begins")
        time.sleep(0.05)
        say("tick ends")

    call_command("worker")


if __name__ == "__main__":
    main()
