"""What a key of the owner's product looks like."""

from __future__ import annotations

import hashlib

from erp.kernel.errors import DomainError, ErrorKind
from erp.kernel.sentences import Sentence

KEY_PREFIX = "refk_"
SHOWN = 11
"""Letters of a key that lists may show: the fixed prefix and six more."""


class UnknownKey(DomainError):
    code = "unknown_api_key"
    kind = ErrorKind.UNAUTHENTICATED
    sentence = Sentence("This API key is unknown or was revoked. Ask an administrator of Ref for a new one.")


class KeyNameTaken(DomainError):
    code = "api_key_name_taken"
    sentence = Sentence("There is an active key of this name. Revoke it first, or choose another name.")


def key_hash(secret: str) -> bytes:
    """A key is long and random, so a plain hash keeps it safe and lets it be found."""
    return hashlib.sha256(secret.encode()).digest()
