"""Staff: the people who work in RefERP, how they prove who they are, their roles and their preferences."""

from erp.domain.staff.actions import add, authenticate, change_roles, deactivate, reactivate
from erp.domain.staff.passwords import change_password, end_sessions, set_password
from erp.domain.staff.preferences import prefer
from erp.domain.staff.queries import find, identity, names, search
from erp.domain.staff.rules import (
    SHORTEST_PASSWORD,
    THEMES,
    EmailTaken,
    LastAdmin,
    OwnAccount,
    WrongCredentials,
    WrongPassword,
    normalise_email,
)
from erp.domain.staff.views import TooManyViews, remove_view, save_view, saved_views

__all__ = [
    "SHORTEST_PASSWORD",
    "THEMES",
    "EmailTaken",
    "LastAdmin",
    "OwnAccount",
    "TooManyViews",
    "WrongCredentials",
    "WrongPassword",
    "add",
    "authenticate",
    "change_password",
    "change_roles",
    "deactivate",
    "end_sessions",
    "find",
    "identity",
    "names",
    "normalise_email",
    "prefer",
    "reactivate",
    "remove_view",
    "save_view",
    "saved_views",
    "search",
    "set_password",
]
