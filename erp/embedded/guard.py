"""Our side of the watchdog: the process that stops what we started when we end, even by SIGKILL."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import IO

from erp.embedded import watchdog
from erp.embedded.places import EmbeddedError


class Guard:
    """Watches over servers (a process number and the signal that stops it) and children added later."""

    def __init__(self, servers: Mapping[int, int], keep: IO[str] | None = None) -> None:
        """`keep` is a locked file that stays locked until the watchdog has stopped everything."""
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-S",
                watchdog.__file__,
                *(f"{pid}:{number:d}" for pid, number in servers.items()),
            ],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
            pass_fds=[keep.fileno()] if keep else [],
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def add(self, pid: int) -> None:
        """From now on stop this leader of a process group too."""
        self._tell(f"add {pid}")

    def drop(self, pid: int) -> None:
        self._tell(f"drop {pid}")

    def let_go(self) -> None:
        """Have it stop what is left, as if we had ended. `wait` afterwards, once our own children are collected."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def wait(self) -> None:
        self._process.wait()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise EmbeddedError(
                "The watchdog of the servers was killed: stop Ref and start it again."
            ) from None
