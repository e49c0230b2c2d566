"""What a member of staff must be, and the refusals of this context."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from zoneinfo import available_timezones

from erp.kernel.errors import NEEDED, DomainError, ErrorKind, Invalid
from erp.kernel.permissions import Role
from erp.kernel.sentences import LANGUAGES, Counted, Sentence

SHORTEST_PASSWORD = 10
THEMES = ("light", "dark", "system")


class WrongCredentials(DomainError):
    """Unknown address, wrong password and a deactivated person look the same."""

    code = "wrong_credentials"
    kind = ErrorKind.UNAUTHENTICATED
    sentence = Sentence("This e-mail address and password do not belong together. Check both.")


class EmailTaken(DomainError):
    code = "email_taken"
    sentence = Sentence("Somebody with this e-mail address works here already.")


class LastAdmin(DomainError):
    code = "last_admin"
    sentence = Sentence("Nobody else is an administrator. Give somebody else the role first.")


class WrongPassword(DomainError):
    code = "wrong_password"
    kind = ErrorKind.INVALID
    sentence = Sentence("This is not your present password.")


class OwnAccount(DomainError):
    code = "own_account"
    sentence = Sentence("This is your own account. Change your password in your preferences.")


def normalise_email(email: str) -> str:
    return email.strip().lower()


def check_new(email: str, name: str, password: str, roles: Iterable[str]) -> None:
    """Raise `Invalid` naming every field that cannot be accepted."""
    fields: dict[str, Sentence] = {}
    local, at, domain = email.partition("@")
    if not (local and at and "." in domain) or any(letter.isspace() for letter in email):
        fields["email"] = Sentence("Not an e-mail address.")
    if not name.strip():
        fields["name"] = NEEDED
    fields |= problems_of_password(password) | problems_of_roles(roles)
    if fields:
        raise Invalid(fields=fields)


def problems_of_password(password: str) -> dict[str, Sentence]:
    if len(password) >= SHORTEST_PASSWORD:
        return {}
    short = Counted("At least %(num)s character.", "At least %(num)s characters.", num=SHORTEST_PASSWORD)
    return {"password": short}


def problems_of_preferences(preferences: Mapping[str, str | None]) -> dict[str, Sentence]:
    known = {"language": set(LANGUAGES), "theme": set(THEMES), "zone": available_timezones()}
    return {
        name: Sentence("There is no such choice.")
        for name, chosen in preferences.items()
        if chosen is not None and chosen not in known[name]
    }


def problems_of_roles(roles: Iterable[str]) -> dict[str, Sentence]:
    given = list(roles)
    unknown = [role for role in given if role not in set(Role)]
    if unknown:
        return {"roles": Sentence("There is no such role: %(roles)s.", roles=unknown)}
    return {} if given else {"roles": Sentence("At least one is needed.")}
