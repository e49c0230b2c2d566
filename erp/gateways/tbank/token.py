"""The Token of acquiring requests and of all notifications (protocol facts A3)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def make(fields: Mapping[str, Any], password: str) -> str:
    """SHA-256, in lower-case hex, of the values of all root scalars and the password, ordered by key."""
    signed = {key: value for key, value in fields.items() if key != "Token" and is_scalar(value)}
    return hashlib.sha256(joined({**signed, "Password": password}).encode()).hexdigest()


def verify(fields: Mapping[str, Any], password: str) -> bool:
    """Whether `fields` carries the Token that its values and the password make. Takes constant time."""
    given = str(fields.get("Token", "")).lower().encode()
    return hmac.compare_digest(given, make(fields, password).encode())


def joined(fields: Mapping[str, Any]) -> str:
    """The values of `fields` without separators, keys in ordinal order (upper case before lower case)."""
    return "".join(_plain(fields[key]) for key in sorted(fields))


def is_scalar(value: Any) -> bool:
    """Objects, lists and nulls are not signed."""
    return value is not None and not isinstance(value, (dict, list, tuple))


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)
