"""Where data, sockets and logs go, and which account owns them.

Data stays in `.local/` of the checkout, or in the system's state directory where PostgreSQL's account cannot
reach the checkout. Sockets go to a folder with a short name, for their path may have about 100 characters.
No account is created, and no mode changed of a folder that was there before.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import LocalError
from .supervise import Person

CHECKOUT = Path(__file__).resolve().parents[2]
STATE = Path("/var/lib")
# PostgreSQL refuses to run as root; these exist without our doing.
UNPRIVILEGED = ("postgres", "nobody")
RUN_PREFIX = "consult-"
# A socket's path must fit into 104 bytes (macOS) with the names we append.
LONGEST_RUN_BASE = 60


def person() -> Person | None:
    """Who PostgreSQL runs as: None for ourselves, somebody unprivileged where we are root."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Person(uid=entry.pw_uid, gid=entry.pw_gid, name=name)
    raise LocalError("PostgreSQL cannot run as root, and there is no account 'postgres' or 'nobody'; run as another user")


def reaches(person: Person | None, path: Path) -> bool:
    """Whether this account can enter the folder (or run the file): tried, not computed from mode bits."""
    return person is None or _as(person, lambda: os.access(path, os.X_OK))


def _as(person: Person, question: Callable[[], bool]) -> bool:
    pid = os.fork()
    if pid == 0:
        answer = 1
        with contextlib.suppress(BaseException):
            os.setgroups([])
            os.setgid(person.gid)
            os.setuid(person.uid)
            answer = 0 if question() else 1
        os._exit(answer)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def give(folder: Path, person: Person | None) -> None:
    """Makes a folder that only this account enters."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    if person is not None:
        os.chown(folder, person.uid, person.gid)


@dataclass(frozen=True)
class Home:
    """The places of one checkout that outlive a start."""

    checkout: Path = CHECKOUT

    @property
    def local(self) -> Path:
        folder = self.checkout / ".local"
        if not folder.is_dir():
            folder.mkdir(exist_ok=True)
            # Ours, so its mode is ours to choose, whatever the umask: PostgreSQL's account passes through.
            folder.chmod(0o755)
        return folder

    @property
    def state(self) -> Path:
        """The folder outside, for a checkout that PostgreSQL's account cannot reach."""
        name = hashlib.sha256(str(self.checkout).encode()).hexdigest()[:8]
        return STATE / "consult-local" / f"{self.checkout.name}-{name}"

    def for_postgres(self, person: Person | None) -> Path:
        """The folder that holds the cluster's folder."""
        if reaches(person, self.local):
            return self.local
        try:
            self.state.mkdir(mode=0o755, parents=True, exist_ok=True)
        except OSError as error:
            raise LocalError(f"{person and person.name} cannot reach {self.local}, and {error}") from error
        if not reaches(person, self.state):
            raise LocalError(f"{person and person.name} can reach neither {self.local} nor {self.state}")
        return self.state

    def secret_key(self) -> str:
        """Made on the first start, then kept: sessions survive a restart."""
        path = self.local / "secret_key"
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(new_secret())
        return path.read_text().strip()

    @contextlib.contextmanager
    def taken(self) -> Iterator[bool]:
        """Holds this checkout's lock; False when another start has it. The kernel frees it when we die."""
        with open(self.local / "lock", "a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            try:
                yield True
            finally:
                self.forget_running()

    # What another terminal needs to use the services that run.

    def tell_running(self, env: dict[str, str]) -> None:
        path = self.local / "running.json"
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps({**env, "pid": os.getpid()}))
        draft.chmod(0o600)
        draft.rename(path)

    def running(self) -> dict[str, str]:
        try:
            return {key: str(value) for key, value in json.loads((self.local / "running.json").read_text()).items()}
        except (FileNotFoundError, ValueError):
            return {}

    def forget_running(self) -> None:
        (self.local / "running.json").unlink(missing_ok=True)


def new_secret() -> str:
    return os.urandom(32).hex()


@contextlib.contextmanager
def run_folder(person: Person | None, *, end: Callable[[Path], None]) -> Iterator[Path]:
    """A folder for this start alone: sockets, and a throwaway's data. Removed at the end.

    `end` finishes what may still run in a folder that a killed start left; then that folder goes as well.
    """
    base = _run_base(person)
    _sweep(base, end)
    folder = Path(tempfile.mkdtemp(prefix=f".{RUN_PREFIX}", dir=base))
    folder.chmod(0o711)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Only now under the name that a sweep looks for: a folder it sees and can lock is a dead one.
        folder = folder.rename(base / folder.name.removeprefix("."))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _run_base(person: Person | None) -> Path:
    for base in (Path(tempfile.gettempdir()), Path("/tmp")):
        if len(str(base)) <= LONGEST_RUN_BASE and reaches(person, base) and os.access(base, os.W_OK):
            return base.resolve()
    raise LocalError("no temporary folder with a short path that PostgreSQL's account can reach; set TMPDIR")


def _sweep(base: Path, end: Callable[[Path], None]) -> None:
    for folder in base.glob(f"{RUN_PREFIX}*"):
        with contextlib.suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                continue
            with open(folder / "lock") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                end(folder)
                shutil.rmtree(folder)
