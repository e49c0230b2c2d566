"""How the bank knows a request and signs its own news: tokens, payout signatures, refusals."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.x509 import Certificate

SIGNATURE_FIELDS = frozenset({"DigestValue", "SignatureValue", "X509SerialNumber"})

MESSAGES = {
    "4": "Операция невозможна в текущем статусе",
    "12": "Неверный параметр RedirectDueDate",
    "20": "Повторный OrderId",
    "201": "Переданы неверные или отсутствуют обязательные параметры",
    "204": "Неверный токен. Проверьте пару TerminalKey/SecretKey",
    "205": "Указанный терминал не найден",
    "207": "Слишком много параметров в DATA",
    "208": "Слишком длинное имя параметра в DATA",
    "209": "Слишком длинное значение параметра в DATA",
    "251": "Сумма меньше минимальной",
    "255": "Платеж не найден",
    "308": "Неверная сумма в чеке",
    "322": "Неверная подпись запроса",
    "329": "Не передан Email или Phone в чеке",
    "330": "Сумма больше исходной",
    "334": "Сумма чека не совпадает с суммой платежа",
    "335": "Заказ не найден",
    "411": "Сертификат не найден",
    "623": "Выплата по данному OrderId уже проведена",
    "1051": "Недостаточно средств на карте",
    "1502": "Недостаточно средств для проведения выплаты",
    "3001": "Банк получателя не найден",
    "3034": "Банк получателя отклонил перевод",
    "4005": "Выплата по данному OrderId уже начата",
    "4006": "Неверный PaymentId",
    "4008": "Истекло время подтверждения выплаты",
}


class Refused(Exception):
    """The bank says no; it does so with HTTP 200. `more` is what the answer says besides."""

    def __init__(self, code: str, details: str = "", **more: Any):
        super().__init__(f"{code} {details}")
        self.code, self.details, self.more = code, details, more

    def answer(self) -> dict[str, Any]:
        return {
            "Success": False,
            "ErrorCode": self.code,
            "Message": MESSAGES.get(self.code, "Операция отклонена"),
            "Details": self.details,
            **self.more,
        }


def token(fields: dict[str, Any], password: str) -> str:
    """SHA-256 over the values of root scalars and the password, in the order of their keys."""
    signed = {key: value for key, value in fields.items() if key != "Token" and _is_signed(value)}
    text = "".join(_plain(value) for _, value in sorted({**signed, "Password": password}.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def token_is_right(fields: dict[str, Any], password: str) -> bool:
    given = str(fields.get("Token", "")).lower().encode()
    return hmac.compare_digest(given, token(fields, password).encode())


@dataclass(frozen=True)
class PayoutSeal:
    """The public half of the merchant's certificate, and whether the merchant hashes the digest once more."""

    certificate: Certificate
    hashed_twice: bool = True

    def check(self, fields: dict[str, Any]) -> None:
        """Raises `Refused` unless this request was signed with the certificate's key, every field of it."""
        if str(fields.get("X509SerialNumber", "")).lower() not in self._serials():
            raise Refused("411")
        digest = hashlib.sha256(_payout_text(fields).encode()).digest()
        if _bytes(fields, "DigestValue") != digest:
            raise Refused("322", "DigestValue")
        try:
            key = self.certificate.public_key()
            assert isinstance(key, rsa.RSAPublicKey)
            algorithm = hashes.SHA256() if self.hashed_twice else Prehashed(hashes.SHA256())
            key.verify(_bytes(fields, "SignatureValue"), digest, padding.PKCS1v15(), algorithm)
        except InvalidSignature:
            raise Refused("322", "SignatureValue") from None

    def _serials(self) -> set[str]:
        """Merchants quote a serial number in decimal or in hexadecimal digits."""
        serial = self.certificate.serial_number
        return {str(serial), format(serial, "x"), format(serial, "x").zfill(32)}


def _payout_text(fields: dict[str, Any]) -> str:
    signed = {
        key: value for key, value in fields.items() if key not in SIGNATURE_FIELDS and _is_signed(value)
    }
    return "".join(_plain(value) for _, value in sorted(signed.items()))


def _is_signed(value: Any) -> bool:
    return value is not None and not isinstance(value, (dict, list))


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _bytes(fields: dict[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(str(fields.get(name, "")), validate=True)
    except binascii.Error:
        raise Refused("322", name) from None
