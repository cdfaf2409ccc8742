"""Starts children, waits for them or for a signal, and leaves none behind, however we end.

A child dies with us because the kernel tells it (Linux), or because a small watcher reads a pipe that only
we hold open (elsewhere). The kernel's promise has three traps: it is tied to the *thread* that forked, it is
forgotten when privileges are dropped, and it comes too late if we died before the child asked for it. So:
children start from the main thread, ask after dropping privileges, and leave if their parent has changed.
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Self

from .errors import LocalError, Stopped, say

HAS_DEATH_SIGNAL = sys.platform == "linux"
PR_SET_PDEATHSIG = 1
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
# Loaded here: after a fork is no time to look for a library.
_LIBC = ctypes.CDLL(None, use_errno=True) if HAS_DEATH_SIGNAL else None


@dataclass(frozen=True)
class Person:
    """The account that a child runs as."""

    uid: int
    gid: int
    name: str


@dataclass
class Child:
    name: str
    process: subprocess.Popen[bytes]
    own_group: bool
    # Signals to end it, each with the seconds it gets. SIGKILL follows.
    ending: Sequence[tuple[signal.Signals, float]] = ((signal.SIGTERM, 20),)

    @property
    def pid(self) -> int:
        return self.process.pid

    def alive(self) -> bool:
        return self.process.poll() is None

    def how_it_ended(self) -> str:
        code = self.process.returncode
        return f"signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"

    def send(self, signum: int) -> None:
        if self.alive():
            self.process.send_signal(signum)


@dataclass
class Family:
    """All children of this process, and the signals that it hears while it has any."""

    children: list[Child] = field(default_factory=list)
    _stop: int | None = None
    _bell: tuple[int, int] | None = None
    _before: dict[int, object] = field(default_factory=dict)
    _before_bell: int = -1
    _leash: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("children are started from the main thread: they die with the thread that forked them")
        read_end, write_end = os.pipe()
        os.set_blocking(read_end, False)
        os.set_blocking(write_end, False)
        self._bell = (read_end, write_end)
        self._before_bell = signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        for signum in STOP_SIGNALS:
            if signum == signal.SIGHUP and signal.getsignal(signum) == signal.SIG_IGN:
                continue  # started by nohup
            self._before[signum] = signal.signal(signum, self._heard)
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop_all()
        finally:
            self._close_leash()
            signal.set_wakeup_fd(self._before_bell)
            for signum, handler in self._before.items():
                signal.signal(signum, handler)  # type: ignore[arg-type]
            for end in self._bell or ():
                os.close(end)
            self._bell = None

    def _heard(self, signum: int, _frame: FrameType | None) -> None:
        self._stop = signum

    # Starting

    def start(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        person: Person | None = None,
        cwd: str | Path | None = None,
        log: IO[bytes] | None = None,
        own_group: bool = True,
        ending: Sequence[tuple[signal.Signals, float]] = ((signal.SIGTERM, 20),),
    ) -> Child:
        """`own_group` keeps a terminal's Ctrl-C from a service, which must outlive those that use it."""
        self.check()
        drop = {"user": person.uid, "group": person.gid, "extra_groups": []} if person and os.geteuid() == 0 else {}
        output = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log} if log is not None else {}
        process = subprocess.Popen(  # type: ignore[call-overload]
            [str(word) for word in argv],
            env=None if env is None else dict(env),
            cwd=cwd,
            start_new_session=own_group,
            preexec_fn=self._last_will(),
            **drop,
            **output,
        )
        child = Child(name=name, process=process, own_group=own_group, ending=ending)
        self.children.append(child)
        return child

    def _last_will(self) -> Callable[[], None]:
        """What a child does between fork and exec, after its privileges are dropped."""
        parent = os.getpid()
        leash = None if HAS_DEATH_SIGNAL else self._leash_pipe()

        def last_will() -> None:
            # A shell's background job is started deaf to SIGINT, and what is ignored stays so through exec.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            if leash is not None:
                os.write(leash, f"+{os.getpid()}\n".encode())
            elif _LIBC is not None:
                _LIBC.prctl(PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

        return last_will

    def _leash_pipe(self) -> int:
        if self._leash is None:
            watcher = [sys.executable, str(Path(__file__).with_name("leash.py"))]
            self._leash = subprocess.Popen(watcher, stdin=subprocess.PIPE, start_new_session=True, cwd="/")
        assert self._leash.stdin is not None
        return self._leash.stdin.fileno()

    def _unleash(self, child: Child) -> None:
        if self._leash is not None and self._leash.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._leash.stdin.fileno(), f"-{child.pid}\n".encode())

    def _close_leash(self) -> None:
        if self._leash is not None and self._leash.stdin is not None:
            self._leash.stdin.close()
            self._leash.wait(10)
            self._leash = None

    # Waiting

    def check(self) -> None:
        """Raises Stopped if a signal has asked for it."""
        if self._stop is not None:
            raise Stopped(self._stop)

    def hear_again(self) -> None:
        """For who passed a signal on, and waits for what comes of it."""
        self._stop = None

    def pause(self, seconds: float) -> None:
        """Sleeps until a signal or a child's end wakes us, at most so long."""
        self.check()
        self._sleep(seconds)
        self.check()

    def _sleep(self, seconds: float) -> None:
        assert self._bell is not None
        ready, _, _ = select.select([self._bell[0]], [], [], max(seconds, 0))
        if ready:
            os.read(self._bell[0], 4096)

    def until(self, done: Callable[[], bool], *, seconds: float) -> bool:
        """Asks again and again, at first quickly; False when the time is over."""
        deadline, step = time.monotonic() + seconds, 0.005
        while not done():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.pause(min(step, left))
            step = min(step * 1.5, 0.2)
        return True

    def wait(self, child: Child) -> int:
        """Waits for this child to end. A service that ends meanwhile is a LocalError."""
        while child.alive():
            self.pause(1)
            self.notice_deaths(but=child)
        self.forget(child)
        code = child.process.returncode
        return 128 - code if code < 0 else code

    def notice_deaths(self, but: Child | None = None) -> None:
        for child in self.children:
            if child is not but and not child.alive():
                raise LocalError(f"{child.name} died ({child.how_it_ended()}); stopping all")

    # Ending

    def forget(self, child: Child) -> None:
        self._unleash(child)
        if child in self.children:
            self.children.remove(child)

    def stop_all(self) -> None:
        """In the order opposite to the start: who uses a service ends before it."""
        while self.children:
            self.stop(self.children[-1])

    def stop(self, child: Child) -> None:
        heard_before = self._stop
        for signum, seconds in child.ending:
            child.send(signum)
            deadline = time.monotonic() + seconds
            while child.alive() and time.monotonic() < deadline:
                self._sleep(min(0.2, deadline - time.monotonic()))
                if self._stop != heard_before:
                    say(f"asked again: not waiting longer for {child.name}")
                    heard_before = self._stop
                    break
            if not child.alive():
                break
        child.send(signal.SIGKILL)
        child.process.wait()
        if child.own_group:
            # Its own children, should it have left any.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
        self.forget(child)
