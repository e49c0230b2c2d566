"""Identifiers: UUIDv7 for machines, short references for people.

A UUIDv7 sorts by the moment it was made, so indexes stay compact. A reference (`PAY-7K3M9QXD`) is 40 random
bits in Crockford's alphabet, which has no letters that are mistaken for digits; its column is unique.
"""

from __future__ import annotations

import secrets
from uuid import UUID

import uuid_utils.compat

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def uuid7() -> UUID:
    return uuid_utils.compat.uuid7()


def reference(prefix: str, length: int = 8) -> str:
    """A new reference such as `AGT-7K3M9QXD`."""
    return f"{prefix}-{random_text(length)}"


def random_text(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
