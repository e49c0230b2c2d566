"""Roots: the seals of statements under signatures, as files to be taken away and kept elsewhere."""

from __future__ import annotations

from flask import Blueprint, Response, current_app
from flask_babel import lazy_gettext as _

from erp.blueprints.address import sort_key
from erp.blueprints.columns import Column, Count, Day, Moment, Mono, To, Trace
from erp.blueprints.listing import Empty, Listing
from erp.blueprints.lists import mount
from erp.domain import statements
from erp.kernel.errors import NotFound
from erp.kernel.permissions import Permission, requires

bp = Blueprint("seal_roots", __name__, url_prefix="/seal-roots")

ROOTS = Listing(
    "seal_roots",
    _("Roots of seals"),
    _(
        "Each holds the seals of a day under one signature, and the hash of the root before. Keep them elsewhere."
    ),
    columns=(
        Column("reference", _("Root"), Mono(), card="name", to=To("seal_roots.file", "number", "id")),
        Column("day", _("Day"), Day(), card="note"),
        Column("seals", _("Seals"), Count(), card="also"),
        Column("hash", _("Hash"), Trace(16), card="more"),
        Column("previous_hash", _("Hash before"), Trace(16), shown=False),
        Column("key_id", _("Key"), Mono(), shown=False),
        Column("signed_at", _("Signed"), Moment(), sort=True, quiet=True),
    ),
    find=lambda _form: statements.search_roots(sort=sort_key()),
    empty=Empty(
        "stamp", _("No root yet"), _("The first is signed when the first month of an agent is over.")
    ),
    template="seal_roots/index.html",
)
mount(bp, ROOTS, Permission.AUDIT_READ)


@bp.get("/<int:number>/file")
@requires(Permission.AUDIT_READ)
def file(number: int) -> Response:
    """The root as it was exported; it holds nothing of people."""
    root = statements.root_file(number)
    return _kept(root.name, statements.written(root))


@bp.get("/keys/<key_id>")
@requires(Permission.AUDIT_READ)
def public_key(key_id: str) -> Response:
    """What verifies the signatures of a key; it was exported with the first root."""
    pem = current_app.config["REF"].roots_folder / statements.PUBLIC_KEY
    if not pem.exists() or statements.key_id(statements.load_public_key(pem)) != key_id:
        raise NotFound
    return _kept(pem.name, pem.read_text())


def _kept(name: str, text: str) -> Response:
    head = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(text, mimetype="text/plain", headers=head)
