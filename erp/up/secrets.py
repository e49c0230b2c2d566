"""Keys of a mock instance, made once and kept beside its data, readable by its owner alone."""

from __future__ import annotations

import datetime as dt
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

OWN = ("REF_SECRET_KEY", "REF_MASTER_KEY", "REF_LOOKUP_KEY", "REF_SMS_TOKEN")
AT_THE_BANK = ("REF_TBANK_PASSWORD", "REF_TBANK_PAYOUT_PASSWORD")
SIGNING = "REF_TBANK_PAYOUT_PRIVATE_KEY"
SEALING = "REF_SEAL_KEY"
PLAIN, PEM = serialization.NoEncryption(), serialization.Encoding.PEM


def missing(given: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The secret settings that a mock instance was not given, made on first use; what the bank knows only for a
    simulated one."""
    names = [*OWN, SEALING]
    if given.get("REF_TBANK_ENVIRONMENT", "simulator") == "simulator":
        names += [*AT_THE_BANK, SIGNING]
    names = [name for name in names if not given.get(name)]
    if given.get("REF_MODE", "mock") != "mock" or not names:
        return {}
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = {name: _text(folder / name) for name in names if name not in (SIGNING, SEALING)}
    if SEALING in names:
        settings[SEALING] = _sealing(folder)
    return settings | (_signing(folder) if SIGNING in names else {})


def _sealing(folder: Path) -> str:
    file = folder / "seal-key.pem"
    if not file.exists():
        key = ed25519.Ed25519PrivateKey.generate()
        _write(file, key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, PLAIN))
    return str(file)


def _signing(folder: Path) -> dict[str, str]:
    """Key and certificate belong together: whoever gives one gives both."""
    key, certificate = folder / "payout-key.pem", folder / "payout-certificate.pem"
    if not certificate.exists():
        _make_payout_key(key, certificate)
    serial = x509.load_pem_x509_certificate(certificate.read_bytes()).serial_number
    return {
        SIGNING: str(key),
        "REF_TBANK_PAYOUT_CERTIFICATE": str(certificate),
        "REF_TBANK_PAYOUT_CERTIFICATE_SERIAL": str(serial),
    }


def _text(file: Path) -> str:
    if not file.exists():
        _write(file, secrets.token_hex(32).encode())
    return file.read_text()


def _make_payout_key(key_file: Path, certificate_file: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Ref mock payouts")])
    today = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    _write(key_file, key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, PLAIN))
    _write(certificate_file, certificate.public_bytes(PEM))


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all, and never readable by others."""
    partial = file.with_suffix(".new")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
    partial.rename(file)
