"""What members of staff may do. Every route declares one of these, or says whom else it is for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])
ATTRIBUTE = "access"


class Permission(StrEnum):
    CATALOGUE_READ = "catalogue.read"
    BOOKINGS_READ = "bookings.read"
    BOOKINGS_WRITE = "bookings.write"
    AGENTS_READ = "agents.read"
    AGENTS_WRITE = "agents.write"
    PERSONAL_READ = "personal.read"
    REFERRALS_READ = "referrals.read"
    CASES_DECIDE = "cases.decide"
    DISPUTES_READ = "disputes.read"
    DISPUTES_WRITE = "disputes.write"
    PROGRAMMES_READ = "programmes.read"
    PROGRAMMES_WRITE = "programmes.write"
    RERATES_WRITE = "rerates.write"
    RERATES_APPROVE = "rerates.approve"
    DEADLINES_WRITE = "deadlines.write"
    COMMISSIONS_READ = "commissions.read"
    COMMISSIONS_DECIDE = "commissions.decide"
    PAYMENTS_READ = "payments.read"
    PAYMENTS_REFUND = "payments.refund"
    PAYOUTS_READ = "payouts.read"
    PAYOUTS_PREPARE = "payouts.prepare"
    PAYOUTS_APPROVE = "payouts.approve"
    BOOKS_WRITE = "books.write"
    BOOKS_APPROVE = "books.approve"
    AUDIT_READ = "audit.read"
    JOBS_READ = "jobs.read"
    JOBS_RETRY = "jobs.retry"
    STAFF_READ = "staff.read"
    STAFF_WRITE = "staff.write"
    API_KEYS_WRITE = "api_keys.write"
    CLOCK_MOVE = "clock.move"


class Role(StrEnum):
    ADMIN = "admin"
    MANAGER = "manager"
    FINANCE = "finance"
    SUPPORT = "support"
    AUDITOR = "auditor"


P = Permission
READING = frozenset(p for p in P if p.value.endswith(".read")) - {P.PERSONAL_READ, P.JOBS_READ, P.STAFF_READ}
ROLES: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(P)
    - {P.PAYOUTS_PREPARE, P.PAYOUTS_APPROVE, P.PAYMENTS_REFUND, P.BOOKS_WRITE, P.BOOKS_APPROVE},
    Role.MANAGER: READING
    | {P.BOOKINGS_WRITE, P.AGENTS_WRITE, P.PERSONAL_READ, P.CASES_DECIDE, P.PROGRAMMES_WRITE, P.STAFF_READ}
    | {P.COMMISSIONS_DECIDE, P.DEADLINES_WRITE, P.DISPUTES_WRITE, P.RERATES_WRITE, P.RERATES_APPROVE},
    Role.FINANCE: READING
    | {P.PERSONAL_READ, P.PAYMENTS_REFUND, P.PAYOUTS_PREPARE, P.PAYOUTS_APPROVE, P.JOBS_READ, P.JOBS_RETRY}
    | {P.COMMISSIONS_DECIDE, P.DISPUTES_WRITE, P.BOOKS_WRITE, P.BOOKS_APPROVE, P.RERATES_APPROVE},
    Role.SUPPORT: (READING - {P.AUDIT_READ}) | {P.BOOKINGS_WRITE, P.PERSONAL_READ, P.DISPUTES_WRITE},
    Role.AUDITOR: READING | {P.STAFF_READ, P.JOBS_READ},
}


def granted(roles: Iterable[str]) -> frozenset[Permission]:
    """All that somebody with these roles may do."""
    return _granted(tuple(roles))


@cache
def _granted(roles: tuple[str, ...]) -> frozenset[Permission]:
    return frozenset().union(*(ROLES[Role(role)] for role in roles))


@dataclass(frozen=True)
class Access:
    """Whom a route is for: staff with a permission, signed-in staff, an agent, the product, or everybody."""

    audience: str
    permission: Permission | None = None
    why: str = ""


def _declare(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        setattr(view, ATTRIBUTE, access)
        return view

    return mark


def requires(permission: Permission) -> Callable[[View], View]:
    """For staff who hold `permission`."""
    return _declare(Access("staff", permission))


def for_staff(why: str) -> Callable[[View], View]:
    """For any member of staff who is signed in; `why` no permission is needed."""
    return _declare(Access("staff", None, why))


def for_agent(view: View) -> View:
    """For an agent with an access token."""
    return _declare(Access("agent"))(view)


def for_product(view: View) -> View:
    """For the owner's product with an API key."""
    return _declare(Access("product"))(view)


def public(why: str) -> Callable[[View], View]:
    """For everybody; `why` it must be."""
    return _declare(Access("public", None, why))
