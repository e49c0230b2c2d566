"""Roles and permissions in words."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Flask
from flask_babel import lazy_gettext as _

from erp.kernel.permissions import Permission, Role, granted

ROLES = {
    Role.ADMIN: _("Administrator"),
    Role.MANAGER: _("Programme manager"),
    Role.FINANCE: _("Finance"),
    Role.SUPPORT: _("Support"),
    Role.AUDITOR: _("Auditor"),
}
PERMISSIONS = {
    Permission.CATALOGUE_READ: _("See establishments"),
    Permission.BOOKINGS_READ: _("See bookings"),
    Permission.BOOKINGS_WRITE: _("Book, release and extend for agents"),
    Permission.AGENTS_READ: _("See agents"),
    Permission.AGENTS_WRITE: _("Activate, suspend and close agents"),
    Permission.PERSONAL_READ: _("See personal data unmasked"),
    Permission.REFERRALS_READ: _("See referrals and cases"),
    Permission.CASES_DECIDE: _("Decide cases"),
    Permission.DISPUTES_READ: _("See disputes"),
    Permission.DISPUTES_WRITE: _("Answer disputes, and decide those of one's role"),
    Permission.PROGRAMMES_READ: _("See programmes and terms"),
    Permission.PROGRAMMES_WRITE: _("Change programmes and terms"),
    Permission.RERATES_WRITE: _("Propose to move referrals to other terms"),
    Permission.RERATES_APPROVE: _("Approve such moves of others"),
    Permission.COMMISSIONS_READ: _("See commissions"),
    Permission.COMMISSIONS_DECIDE: _("Freeze commissions, let them go, and take them back"),
    Permission.DEADLINES_WRITE: _("Set who decides by when, and what happens otherwise"),
    Permission.PAYMENTS_READ: _("See payments"),
    Permission.PAYMENTS_REFUND: _("Refund payments"),
    Permission.PAYOUTS_READ: _("See payouts and the ledger"),
    Permission.PAYOUTS_PREPARE: _("Prepare payout runs"),
    Permission.PAYOUTS_APPROVE: _("Approve payout runs of others"),
    Permission.BOOKS_WRITE: _("Write settlements down, ask to write debts off and to close months"),
    Permission.BOOKS_APPROVE: _("Approve write-offs and closings of others"),
    Permission.AUDIT_READ: _("See the audit log"),
    Permission.JOBS_READ: _("See jobs"),
    Permission.JOBS_RETRY: _("Try jobs again"),
    Permission.STAFF_READ: _("See staff"),
    Permission.STAFF_WRITE: _("Add staff, give roles and passwords"),
    Permission.API_KEYS_WRITE: _("Make and revoke API keys"),
    Permission.CLOCK_MOVE: _("Move the mock clock"),
}
CHOICES = [(role.value, name) for role, name in ROLES.items()]


def register(app: Flask) -> None:
    app.jinja_env.filters.update(role_names=role_names)


def role_names(roles: Iterable[str]) -> str:
    """["admin", "support"] as "Administrator, Support"."""
    return ", ".join(str(ROLES[Role(role)]) for role in roles)


def permission_names(roles: Iterable[str]) -> list[str]:
    """All that somebody with these roles may do."""
    allowed = granted(roles)
    return [str(name) for permission, name in PERMISSIONS.items() if permission in allowed]
