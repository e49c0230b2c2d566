"""Referral links: remember who sent the visitor, then show them the product."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from erp import config
from erp.domain import referrals
from erp.kernel import clock
from erp.kernel.permissions import public
from erp.kernel.transaction import transaction

blueprint = Blueprint("links", __name__)


@blueprint.get("/r/<code>")
@public("visitors follow an agent's link; nobody knows them yet")
def follow_link(code: str) -> Response:
    """A dead link leads to the product too, only without a token."""
    with transaction():
        click = referrals.record_click(code, now=clock.now())
    return redirect(_product_with({"ref": code, "click": click} if click else {}), 302)


def _product_with(parameters: dict[str, str]) -> str:
    address = urlsplit(config.get().product_url)
    query = parse_qsl(address.query, keep_blank_values=True) + list(parameters.items())
    return urlunsplit(address._replace(query=urlencode(query)))
