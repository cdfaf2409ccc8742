"""Checkouts to start services in, and a way to see what a start left behind."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GIVEN_ELSEWHERE = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "CONSULT_LOCAL", "PORT")
# A machine whose first process does not reap keeps our dead as zombies, so pids alone say little.
HAS_PROC = Path("/proc/self/environ").exists()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: starts real servers")


@dataclass
class Checkout:
    """A copy of `consult.local` in a folder of its own, and the processes started there."""

    path: Path
    mark: str = field(default_factory=lambda: f"mark-{uuid.uuid4().hex}")
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def env(self, **more: str) -> dict[str, str]:
        inherited = {key: value for key, value in os.environ.items() if key not in GIVEN_ELSEWHERE}
        own = {"CONSULT_TEST_MARK": self.mark, "TMPDIR": str(self.temporary), "PYTHONUNBUFFERED": "1"}
        return {**inherited, **own, **more}

    @property
    def temporary(self) -> Path:
        """Where its run folders go."""
        folder = self.path / "t"
        if not folder.is_dir():
            folder.mkdir()
            folder.chmod(0o1777)
        return folder

    def start(self, *words: str, program: tuple[str, ...] = ("-m", "consult.local"), **env: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *program, *words],
            cwd=self.path,
            env=self.env(**env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # in the terminal of whoever runs the tests, an interrupt would be the terminal's affair
        )
        self.started.append(process)
        return process

    def call(self, *words: str, **options: object) -> tuple[int, str, str]:
        process = self.start(*words, **options)  # type: ignore[arg-type]
        out, err = process.communicate(timeout=90)
        return process.returncode, out, err

    def python(self, code: str, *, throwaway: bool = False, **env: str) -> tuple[int, str, str]:
        """Runs a line of Python beside the services."""
        kind = ["--throwaway"] if throwaway else []
        return self.call("run", *kind, "--", sys.executable, "-c", code, **env)

    def sql(self, statement: str, *, throwaway: bool = False) -> str:
        code, out, err = self.python(
            "import os, psycopg\n"
            f"with psycopg.connect(os.environ['DATABASE_URL'], autocommit=True) as c:\n"
            f"    cursor = c.execute({statement!r})\n"
            "    print(cursor.fetchone()[0] if cursor.description else 'done')\n",
            throwaway=throwaway,
        )
        assert code == 0, err
        return out.strip()

    def start_and_wait(self, *kind: str, **env: str) -> subprocess.Popen[str]:
        """A start whose command says that it runs, and then stays."""
        code = "import os; print(os.environ['DATABASE_URL'], flush=True); import time; time.sleep(300)"
        process = self.start("run", *kind, "--", sys.executable, "-c", code, **env)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        process.url = line.strip()  # type: ignore[attr-defined]
        return process

    def living(self) -> dict[int, str]:
        """The processes that carry our mark, or work in our folders, and live."""
        found = {}
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                # Redis writes its title over its environment: its folder tells.
                ours = (folder / "cwd").readlink().is_relative_to(self.path)
                if not ours and self.mark.encode() not in (folder / "environ").read_bytes():
                    continue
                if (folder / "stat").read_text().rpartition(")")[2].split()[0] in "ZX":
                    continue
                found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
        return found

    def nobody_left(self) -> bool:
        return eventually(lambda: not self.living(), seconds=30)

    def find(self, word: str) -> int:
        return next(pid for pid, line in self.living().items() if word in line and "consult.local" not in line)


def eventually(done: Callable[[], bool], *, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if done():
            return True
        time.sleep(0.05)
    return done()


def make_checkout(path: Path) -> Checkout:
    (path / "consult").mkdir(parents=True)
    shutil.copy(ROOT / "consult/__init__.py", path / "consult")
    shutil.copytree(ROOT / "consult/local", path / "consult/local", ignore=shutil.ignore_patterns("__pycache__"))
    return Checkout(path)


def end(checkout: Checkout) -> None:
    for process in checkout.started:
        if process.poll() is None:
            process.terminate()
    for process in checkout.started:
        try:
            process.communicate(timeout=90)
        except (subprocess.TimeoutExpired, ValueError):
            process.kill()
    for pid in checkout.living() if HAS_PROC else ():
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="test-consult-", dir="/tmp")).resolve()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def checkout(open_folder: Path) -> Iterator[Checkout]:
    made = make_checkout(open_folder / "one")
    yield made
    end(made)


@pytest.fixture
def other_checkout(open_folder: Path) -> Iterator[Checkout]:
    made = make_checkout(open_folder / "two")
    yield made
    end(made)
