"""The certificate signature of payout requests (protocol facts B1)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from erp.gateways.outside import UnsafeGateway
from erp.gateways.tbank.token import is_scalar, joined

FIELDS = frozenset({"DigestValue", "SignatureValue", "X509SerialNumber"})


def digest(fields: Mapping[str, Any]) -> bytes:
    """SHA-256 of the values of all root scalars but the signature's own, ordered by key."""
    signed = {key: value for key, value in fields.items() if key not in FIELDS and is_scalar(value)}
    return hashlib.sha256(joined(signed).encode()).digest()


@dataclass(frozen=True)
class Signer:
    """The merchant's key, and the serial number under which the bank knows its certificate.

    Sources differ on whether the digest is hashed once more before RSA; most say twice, so that is the default.
    """

    key: RSAPrivateKey
    certificate_serial: str
    digest_twice: bool = True

    @classmethod
    def from_file(cls, path: Path, certificate_serial: str, *, digest_twice: bool = True) -> Signer:
        """Raises `UnsafeGateway` when the file holds no RSA key."""
        try:
            key = load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError) as error:
            raise UnsafeGateway(f"REF_TBANK_PAYOUT_PRIVATE_KEY: {path} holds no usable PEM key") from error
        if not isinstance(key, RSAPrivateKey):
            raise UnsafeGateway(f"REF_TBANK_PAYOUT_PRIVATE_KEY: {path} holds a key that is not RSA")
        return cls(key, certificate_serial, digest_twice)

    def sign(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The request with its three signature fields."""
        summary = digest(fields)
        algorithm = hashes.SHA256() if self.digest_twice else Prehashed(hashes.SHA256())
        return {
            **fields,
            "DigestValue": base64.b64encode(summary).decode(),
            "SignatureValue": base64.b64encode(self.key.sign(summary, PKCS1v15(), algorithm)).decode(),
            "X509SerialNumber": self.certificate_serial,
        }
