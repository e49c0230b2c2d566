"""Outlives its owner, even one killed with SIGKILL: when its standard input ends, it stops what it was told of.

Run as a program of its own, with the servers as arguments (`PID:SIGNAL`); lines `add PID` and `drop PID` on its
standard input name the leaders of the owner's other process groups. Those stop first, then the servers.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

CHILDREN_GRACE = 15.0  # seconds; a worker may be in the middle of a job
SERVERS_GRACE = 30.0


def main(servers: list[str]) -> None:
    children = follow(sys.stdin)
    for child in children:
        send(child, signal.SIGTERM, whole_group=True)
    wait_for_end(children, CHILDREN_GRACE)
    for child in children:
        send(child, signal.SIGKILL, whole_group=True)
    stop_servers({int(pid): int(number) for pid, _, number in (server.partition(":") for server in servers)})


def follow(lines: Iterable[str]) -> set[int]:
    """The children alive when the owner ended."""
    children: set[int] = set()
    for line in lines:
        change, _, pid = line.strip().partition(" ")
        if change == "add":
            children.add(int(pid))
        else:
            children.discard(int(pid))
    return children


def stop_servers(servers: dict[int, int]) -> None:
    for pid, number in servers.items():
        send(pid, number)
    wait_for_end(servers, SERVERS_GRACE)
    for pid in servers:
        send(pid, signal.SIGQUIT)


def wait_for_end(pids: Iterable[int], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Running, not a zombie that nobody collects."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return not Path("/proc/self").exists()


def send(pid: int, number: int, *, whole_group: bool = False) -> None:
    try:
        if whole_group:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


if __name__ == "__main__":
    main(sys.argv[1:])
