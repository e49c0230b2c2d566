"""Staff: the people who work in RefERP, how they prove who they are, and their roles."""

from erp.domain.staff.actions import StaffMember, add, authenticate, change_roles, deactivate
from erp.domain.staff.queries import find, identity, names, search
from erp.domain.staff.rules import EmailTaken, LastAdmin, WrongCredentials, normalise_email

__all__ = [
    "EmailTaken",
    "LastAdmin",
    "StaffMember",
    "WrongCredentials",
    "add",
    "authenticate",
    "change_roles",
    "deactivate",
    "find",
    "identity",
    "names",
    "normalise_email",
    "search",
]
