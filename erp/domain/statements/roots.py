"""Roots: the seals of one sealing under one signature, as a file that leaves the database. Pure text and keys.

ref-root-1
instance 0190…
mode mock
number 3
day 2026-11-01
previous 5e1f…            (the hash of root 2; - for the first)
key 93ab…                 (which public key verifies it)
seal STM-7K3M9QXD 77aa…   (one line a statement, by reference)
hash 01bc…                (SHA-256 of all lines above, each ended by a line feed)
signature …               (Ed25519 over the same lines, base64)
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

FORMAT = "ref-root-1"
PATTERN = "root-*.txt"
PUBLIC_KEY = "public-key.pem"


class Unreadable(Exception):
    """A file is not a root, or not a key; the message says what is wrong with it."""


@dataclass(frozen=True)
class RootFile:
    """What a root says. `seals` are hashes by the reference of the statement."""

    instance: str
    mode: str
    number: int
    day: dt.date
    previous: str | None
    key_id: str
    seals: Mapping[str, str]
    hash: str
    signature: str

    @property
    def name(self) -> str:
        return file_name(self.number)


def file_name(number: int) -> str:
    return f"root-{number:06}.txt"


def signed_text(
    instance: str,
    mode: str,
    number: int,
    day: dt.date,
    previous: str | None,
    key_id: str,
    seals: Mapping[str, str],
) -> str:
    """All that the hash and the signature cover."""
    head = {
        "instance": instance,
        "mode": mode,
        "number": str(number),
        "day": day.isoformat(),
        "previous": previous or "-",
        "key": key_id,
    }
    lines = [FORMAT, *(f"{name} {value}" for name, value in head.items())]
    lines += [f"seal {reference} {hash}" for reference, hash in sorted(seals.items())]
    return "".join(f"{line}\n" for line in lines)


def sign(text: str, key: Ed25519PrivateKey) -> tuple[str, str]:
    """The hash of a root's text and its signature."""
    return digest(text), base64.b64encode(key.sign(text.encode())).decode()


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def is_signed(root: RootFile, key: Ed25519PublicKey) -> bool:
    try:
        key.verify(base64.b64decode(root.signature, validate=True), text_of(root).encode())
    except (InvalidSignature, binascii.Error):
        return False
    return True


def text_of(root: RootFile) -> str:
    return signed_text(
        root.instance, root.mode, root.number, root.day, root.previous, root.key_id, root.seals
    )


def written(root: RootFile) -> str:
    """The whole file."""
    return f"{text_of(root)}hash {root.hash}\nsignature {root.signature}\n"


def read(text: str) -> RootFile:
    """The root that a file holds, which may be a forged one. Raises `Unreadable`."""
    lines = [line.split(" ") for line in text.splitlines()]
    if not lines or lines[0] != [FORMAT]:
        raise Unreadable(f"does not begin with {FORMAT}")
    head = {line[0]: line[1] for line in lines if len(line) == 2}
    seals = {line[1]: line[2] for line in lines if len(line) == 3 and line[0] == "seal"}
    try:
        return RootFile(
            head["instance"],
            head["mode"],
            int(head["number"]),
            dt.date.fromisoformat(head["day"]),
            None if head["previous"] == "-" else head["previous"],
            head["key"],
            seals,
            head["hash"],
            head["signature"],
        )
    except (KeyError, ValueError) as problem:
        raise Unreadable(f"lacks or misspells {problem}") from None


def read_folder(folder: Path) -> tuple[dict[int, RootFile], list[str]]:
    """The roots of a folder by number, and what is wrong with files that hold none or not the one they are named for."""
    found, problems = {}, []
    for file in sorted(folder.glob(PATTERN)):
        try:
            root = read(file.read_text())
        except (Unreadable, UnicodeDecodeError) as problem:
            problems.append(f"{file.name}: {problem}")
            continue
        if root.name != file.name or written(root) != file.read_text():
            problems.append(f"{file.name}: is not as a root is written")
        found[root.number] = root
    return found, problems


def chain_breaks(roots: Iterable[RootFile], key: Ed25519PublicKey | None) -> list[str]:
    """What does not agree within and between roots, given in the order of their numbers."""
    bad: list[str] = []
    before: RootFile | None = None
    for root in roots:
        if digest(text_of(root)) != root.hash:
            bad.append(f"root {root.number}: its lines do not give its hash")
        if key is not None and not is_signed(root, key):
            bad.append(f"root {root.number}: the signature is not of this key")
        if before is None and root.number != 1:
            bad.append(f"root {root.number - 1}: missing")
        elif root.number > 1 and before is not None and root.number != before.number + 1:
            bad.append(f"root {before.number + 1}: missing")
        elif root.previous != (before.hash if before else None):
            bad.append(f"root {root.number}: does not follow root {root.number - 1}")
        before = root
    return bad


def load_private_key(file: Path) -> Ed25519PrivateKey:
    """The key that signs roots. Raises `Unreadable`."""
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), None)
    except (OSError, ValueError) as problem:
        raise Unreadable(f"{file}: {problem}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise Unreadable(f"{file} is no Ed25519 key")
    return key


def load_public_key(file: Path) -> Ed25519PublicKey:
    """The key that verifies roots. Raises `Unreadable`."""
    try:
        key = serialization.load_pem_public_key(file.read_bytes())
    except (OSError, ValueError) as problem:
        raise Unreadable(f"{file}: {problem}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise Unreadable(f"{file} is no Ed25519 key")
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """The first 16 digits of the SHA-256 of the raw public key."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def public_pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
