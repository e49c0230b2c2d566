"""Bring an instance up, keep it up, take it down."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import httpx

from erp.embedded import EmbeddedError, temporary_var
from erp.kernel import addresses
from erp.up import environment
from erp.up.environment import ADDRESSES, RUNNING, Prepared
from erp.up.supervisor import Announce, ChildFailed, Supervisor

READY_WITHIN = 90.0  # seconds
MEND_EVERY = 0.1


class Instance:
    """A running instance: where it answers, what its processes are told, and how to hurt it."""

    def __init__(self, prepared: Prepared, supervisor: Supervisor):
        self._prepared = prepared
        self.env = prepared.variables
        self.url = prepared.variables["REF_PUBLIC_URL"]
        self.urls = prepared.servers.urls if prepared.servers else {}
        self.failed: EmbeddedError | None = None
        self._supervisor = supervisor
        self._stopping = threading.Event()

    @property
    def processes(self) -> dict[str, int]:
        """Process numbers by name: tbank, sms, web, worker, scheduler."""
        return self._supervisor.pids

    def kill(self, name: str) -> None:
        """SIGKILL; the supervisor starts it again at once."""
        self._supervisor.kill(name)

    def wait_until_ready(self) -> None:
        """Until web and simulators answer (again). Raises when they do not."""
        _wait_until_ready(self._prepared, lambda: self.failed)

    def ref(self, *arguments: str) -> int:
        """Run a `ref` command on this instance, its output going to ours. Returns its exit code."""
        return subprocess.run(
            _ref(*arguments), env=self.env, stdin=subprocess.DEVNULL, check=False
        ).returncode

    def wait(self) -> None:
        """Until a process will not stay up, which is raised."""
        while self.failed is None:
            time.sleep(MEND_EVERY)
        raise self.failed

    def _keep_up(self) -> None:
        while not self._stopping.wait(MEND_EVERY):
            try:
                self._supervisor.mend()
            except EmbeddedError as failure:
                self.failed = failure
                return


def up(var: Path, *, demo: bool, announce: Announce) -> int:
    """Start everything and stay in the foreground until Ctrl-C or SIGTERM. Returns the exit code."""
    with _interruptible():
        try:
            with running(var, announce=announce) as instance:
                if demo and (failed := _play_demo(instance, announce)):
                    return failed
                _tell_logins(var / "demo.json", announce)
                announce(f"Ref is at {instance.url} (Ctrl-C stops it; logs are in {var / 'log'})")
                instance.wait()
        except KeyboardInterrupt:
            announce("Stopped.")
    return 0


@contextmanager
def running(
    var: Path,
    *,
    base: Mapping[str, str] | None = None,
    free_ports: bool = False,
    durable: bool = True,
    migrate_options: Sequence[str] = (),
    announce: Announce = lambda line: None,
) -> Iterator[Instance]:
    """A complete instance with its data in `var`, migrated and answering; everything stops on leaving.

    `base` is the environment it is completed from (ours when not given).
    """
    prepared = environment.prepare(
        os.environ if base is None else base, var.resolve(), free_ports=free_ports, durable=durable
    )
    supervisor = Supervisor(prepared, announce)
    instance = Instance(prepared, supervisor)
    keeper = threading.Thread(target=instance._keep_up, name="supervisor", daemon=True)
    note = var / RUNNING
    try:
        _start_all(prepared, supervisor, migrate_options, announce)
        note.write_text(
            json.dumps({name: prepared.variables[name] for name in ADDRESSES if name in prepared.variables})
        )
        keeper.start()
        yield instance
    finally:
        instance._stopping.set()
        if keeper.is_alive():
            keeper.join()
        note.unlink(missing_ok=True)
        announce("Stopping")
        supervisor.stop()
        if prepared.servers:
            prepared.servers.stop()
        else:
            prepared.guard.let_go()


@contextmanager
def alone(
    *,
    settings: Mapping[str, str] | None = None,
    migrate_options: Sequence[str] = (),
    announce: Announce = lambda line: None,
) -> Iterator[Instance]:
    """A whole instance in a folder of its own on free ports, knowing nothing of any other; thrown away after."""
    base = environment.without_settings(os.environ) | dict(settings or {})
    with (
        temporary_var() as var,
        running(
            var, base=base, free_ports=True, durable=False, migrate_options=migrate_options, announce=announce
        ) as instance,
    ):
        yield instance


def _start_all(
    prepared: Prepared, supervisor: Supervisor, migrate_options: Sequence[str], announce: Announce
) -> None:
    variables, ports, python = prepared.variables, prepared.ports, sys.executable
    journals = Path(variables["REF_VAR"]) / "simulators"
    for vendor in ports.keys() - {"web"}:
        journal = str(journals / f"{vendor}.jsonl")
        options = [
            "--port",
            str(ports[vendor]),
            "--journal",
            journal,
            "--clock-database",
            variables["DATABASE_URL"],
        ]
        if vendor == "tbank":
            options += ["--payout-notification-url", variables["REF_PUBLIC_URL"] + addresses.PAYOUT_NEWS]
        supervisor.start(vendor, [python, "-m", f"simulators.{vendor}", *options])
    if variables.get("DATABASE_OWNER_URL"):
        _migrate(variables, migrate_options)
    else:
        announce("DATABASE_OWNER_URL is not set, so the schema is taken as it is.")
    supervisor.start("web", _web_command(variables))
    supervisor.start("worker", [python, "-m", "erp.run"])
    supervisor.start("scheduler", [python, "-m", "erp.run", "--scheduler"])
    _wait_until_ready(prepared, supervisor.find_dead)


def _migrate(variables: Mapping[str, str], options: Sequence[str]) -> None:
    done = subprocess.run(
        _ref("migrate", *options),
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise EmbeddedError(f"The database cannot be used as it is:\n{done.stdout.strip()}")


def _web_command(variables: Mapping[str, str]) -> list[str]:
    host, port = variables.get("REF_WEB_HOST", "127.0.0.1"), variables["REF_WEB_PORT"]
    size = ["--workers", variables.get("REF_WEB_PROCESSES", "2"), "--blocking-threads", "2"]
    care = ["--respawn-failed-workers", "--workers-kill-timeout", "10", "--no-ws"]
    server = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", port]
    return [*server, *size, *care, "wsgi:app"]


def _ref(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "erp.cli", *arguments]


def _wait_until_ready(prepared: Prepared, find_failure: Callable[[], EmbeddedError | None]) -> None:
    names = {"web": "readyz"}
    waiting = {
        f"http://127.0.0.1:{port}/{names.get(name, 'healthz')}" for name, port in prepared.ports.items()
    }
    deadline = time.monotonic() + READY_WITHIN
    while waiting := {url for url in waiting if not _answers(url)}:
        if failure := find_failure():
            raise failure
        if time.monotonic() > deadline:
            raise ChildFailed(f"No good answer from {', '.join(sorted(waiting))} within {READY_WITHIN:.0f} s")
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def _play_demo(instance: Instance, announce: Announce) -> int:
    """Lay the demo down, prove the books. On a new database the main job is played first, before its year of history:
    it lets weeks pass. Returns the first exit code that is not 0."""
    walk = ["walk", "--url", instance.url]
    is_new = not (Path(instance.env["REF_VAR"]) / "demo.json").exists()
    steps = [["demo", "--ground"], walk] if is_new else []
    for arguments in [*steps, ["demo"], ["check", "--require-all"]]:
        if code := instance.ref(*arguments):
            announce(f"`ref {' '.join(arguments)}` ended with exit code {code}")
            return code
    return 0


def _tell_logins(note: Path, announce: Announce) -> None:
    """Who may sign in, if the demo was ever laid down here."""
    logins = json.loads(note.read_text())["staff"] if note.exists() else []
    for login in logins:
        announce(f"  {', '.join(login['roles']):<8} {login['email']:<20} {login['password']}")


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends the work as Ctrl-C does; a second one ends even the stopping, and the watchdog cleans up."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
