"""The certificate signature of payout requests, by worked examples and with a real key."""

import base64
import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from erp.gateways.tbank import UnsafeGateway
from erp.gateways.tbank.signature import Signer, digest
from tests.simulators.vectors import DIGESTS

TEXT = b"20150123456789000E2Ctrue"


@pytest.fixture
def fields():
    return DIGESTS["lower case sorts after upper case"][0]


@pytest.mark.parametrize(("fields", "expected"), DIGESTS.values(), ids=DIGESTS)
def test_the_digest_is_the_published_one(fields, expected):
    assert base64.b64encode(digest(fields)).decode() == expected


def test_a_signed_request_signs_to_itself(signer, fields):
    signed = signer.sign(fields)
    assert digest(signed) == digest(fields)
    assert signed["X509SerialNumber"] == signer.certificate_serial


def test_the_default_signature_hashes_the_digest_once_more(signer, fields):
    signature = base64.b64decode(signer.sign(fields)["SignatureValue"])
    public = signer.key.public_key()
    public.verify(signature, hashlib.sha256(TEXT).digest(), PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        public.verify(signature, TEXT, PKCS1v15(), hashes.SHA256())


def test_the_other_signature_is_over_the_text_itself(key, fields):
    signer = Signer.from_file(key.key_file, key.serial, digest_twice=False)
    signature = base64.b64decode(signer.sign(fields)["SignatureValue"])
    signer.key.public_key().verify(signature, TEXT, PKCS1v15(), hashes.SHA256())


def test_a_file_without_a_key_is_named(key, tmp_path):
    for path in (tmp_path / "absent.pem", key.certificate_file):
        with pytest.raises(UnsafeGateway, match=str(path)):
            Signer.from_file(path, "1")
