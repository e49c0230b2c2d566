"""What a simulator remembers: JSON lines, appended only, on the disk before anybody gets an answer."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


class JournalInUse(Exception):
    """Another running simulator writes this file."""


class Journal:
    """One file, one writer. A line torn by a crash was never answered, so opening the file drops it."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise JournalInUse(f"{path} belongs to a simulator that is running") from None
        self._drop_torn_line()

    def replay(self) -> Iterator[dict[str, Any]]:
        self._file.seek(0)
        for line in self._file:
            yield json.loads(line)

    def append(self, entries: Iterable[dict[str, Any]]) -> None:
        lines = [json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n" for entry in entries]
        self._file.write("".join(lines).encode())
        self._file.flush()
        os.fdatasync(self._file.fileno())

    def _drop_torn_line(self) -> None:
        self._file.seek(0)
        content = self._file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            self._file.truncate(whole)
