"""What an agent may be and become, how contacts are written, and the refusals of this context."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import phonenumbers

from erp.kernel.errors import NEEDED, DomainError, ErrorKind, Forbidden, Invalid, Unauthenticated
from erp.kernel.ids import ALPHABET
from erp.kernel.personal import lookup_hash
from erp.kernel.sentences import LANGUAGES, Sentence

HOME_REGION = "RU"
"""Where a phone number without a country code is from."""

KINDS = ("person", "organisation", "customer", "sales_rep")
STATES = ("pending", "active", "suspended", "closed")
MOVES = {
    "pending": {"active", "suspended", "closed"},
    "active": {"suspended", "closed"},
    "suspended": {"active", "closed"},
    "closed": set[str](),
}
"""Which state an agent may go to from each."""

CODE_LENGTH = 6
LONGEST_CODE = 10
LOOK_ALIKES = str.maketrans("OILАВЕКМНОРСТУХ", "011ABEKMH0PCTYX")
"""Letters that are not in a code and the sign that was meant; the second group is Cyrillic."""


class IllegalMove(DomainError):
    code = "agent_state"
    sentence = Sentence("The agent's present state does not allow this.")


class OwnCustomer(DomainError):
    code = "self_referral"
    sentence = Sentence(
        "This e-mail address or INN belongs to a customer whom this agent referred; nobody refers themselves."
    )


class AgentClosed(Forbidden):
    code = "agent_closed"
    sentence = Sentence("This agent's account is closed. Write to support if that is a mistake.")


class TooManyCodes(DomainError):
    """`details["retry_after"]` says in how many seconds the next code may be asked for."""

    code = "too_many_codes"
    kind = ErrorKind.TOO_MANY
    sentence = Sentence("A code was sent a short while ago. Wait a little before you ask for another.")


class WrongCode(Unauthenticated):
    """Never asked for, used, expired, tried too often, or simply wrong: all look the same."""

    code = "wrong_code"
    sentence = Sentence("This code is wrong or too old. Check it, or ask for a new one.")


class SessionOver(Unauthenticated):
    code = "session_over"
    sentence = Sentence("You are signed out. Ask for a new code to sign in.")


def normalise_phone(phone: str) -> str:
    """A phone number as +79161234567. Raises `Invalid`."""
    try:
        number = phonenumbers.parse(phone, HOME_REGION)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise Invalid(
            Sentence("This is not a phone number. Write it with the country code, such as +7 916 123-45-67."),
            fields={"phone": Sentence("Not a phone number.")},
        )
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def normalise_email(email: str) -> str:
    """An e-mail address in small letters. Raises `Invalid`."""
    address = email.strip().casefold()
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address):
        raise Invalid(
            Sentence("This is not an e-mail address."), fields={"email": Sentence("Not an e-mail address.")}
        )
    return address


def normalise_inn(inn: str) -> str:
    """A taxpayer number of 10 or 12 digits whose check digits are right. Raises `Invalid`."""
    digits = re.sub(r"[\s-]", "", inn)
    if not (re.fullmatch(r"[0-9]{10}|[0-9]{12}", digits) and _inn_checks(digits)):
        raise Invalid(
            Sentence("This is not an INN: one of its digits is wrong."),
            fields={"inn": Sentence("Not an INN.")},
        )
    return digits


WEIGHTS = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
"""Of the digits before a check digit, counted from the right (order of the Federal Tax Service on the INN)."""


def _inn_checks(digits: str) -> bool:
    checked = [9] if len(digits) == 10 else [10, 11]
    return all(int(digits[at]) == _check_digit(digits[:at]) for at in checked)


def _check_digit(before: str) -> int:
    weights = WEIGHTS[-len(before) :]
    return sum(weight * int(digit) for weight, digit in zip(weights, before, strict=True)) % 11 % 10


def normalise_code(code: str) -> str:
    """A referral code as it is stored: case, spaces, dashes and look-alikes do not matter."""
    return "".join(sign for sign in code.upper() if sign.isalnum()).translate(LOOK_ALIKES)


def is_code(code: str) -> bool:
    return 4 <= len(code) <= LONGEST_CODE and set(code) <= set(ALPHABET)


@dataclass(frozen=True)
class ContactHashes:
    """Keyed hashes of somebody's contacts, equal for the same person wherever they appear."""

    phone: bytes | None
    email: bytes | None
    inn: bytes | None


def contact_hashes(phone: str | None, email: str | None, inn: str | None) -> ContactHashes:
    """Hashes to find the same person by. What cannot be normalised is compared as it is written."""
    return ContactHashes(
        _hash("phone", phone, normalise_phone),
        _hash("email", email, normalise_email),
        _hash("inn", inn, normalise_inn),
    )


def _hash(kind: str, given: str | None, normalise: Callable[[str], str]) -> bytes | None:
    if given is None or not given.strip():
        return None
    try:
        return lookup_hash(kind, normalise(given))
    except Invalid:
        return lookup_hash(kind, "".join(given.casefold().split()))


def check_bank(bank_member_id: str, bank_name: str) -> None:
    """A bank of the faster payments system is named by its member id and its name together."""
    fields: dict[str, Sentence] = {}
    if bool(bank_member_id) != bool(bank_name):
        fields["bank_name" if bank_member_id else "bank_member_id"] = NEEDED
    if bank_member_id and not re.fullmatch(r"[0-9]{1,20}", bank_member_id):
        fields["bank_member_id"] = Sentence("Digits only.")
    if fields:
        raise Invalid(Sentence("Choose the bank from the list."), fields=fields)


def check_language(language: str) -> None:
    """One that Ref speaks, or nothing."""
    if language and language not in LANGUAGES:
        raise Invalid(fields={"language": Sentence("One of: %(kinds)s.", kinds=list(LANGUAGES))})


def mask_phone(phone: str | None) -> str | None:
    """+79161234567 as +7•••••••567: enough to recognise one's own, not to call."""
    return phone and _masked(phone, 2, 3)


def mask_email(email: str | None) -> str | None:
    """ivan@mail.ru as i•••@mail.ru."""
    if not email:
        return email
    local, _, domain = email.partition("@")
    return f"{local[:1]}•••@{domain}"


def mask_inn(inn: str | None) -> str | None:
    return inn and _masked(inn, 0, 4)


def mask_name(name: str | None) -> str | None:
    """Ivan Petrov as Ivan P."""
    words: Sequence[str] = (name or "").split()
    return " ".join([*words[:1], *(f"{word[0]}." for word in words[1:])]) if words else None


def _masked(text: str, first: int, last: int) -> str:
    return text[:first] + "•" * (len(text) - first - last) + text[-last:]
