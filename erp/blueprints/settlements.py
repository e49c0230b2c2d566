"""What the acquirer has transferred to the owner, written down from the bank's statement."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, url_for
from flask_babel import get_timezone, gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import DateField, StringField

from erp.blueprints.address import sort_key
from erp.blueprints.columns import Column, Moment, Money, Mono, Tag, To, Words
from erp.blueprints.forms import Form, Within, amount_in, attempt, choice, midnight, needed
from erp.blueprints.history import history_of
from erp.blueprints.listing import Empty, Listing, Step, View
from erp.blueprints.lists import mount
from erp.blueprints.people import actor_name, with_actor_names
from erp.blueprints.responses import page_or_part, refused, seen_other
from erp.blueprints.seen import unchanged
from erp.domain import payments
from erp.kernel import clock
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission, requires
from erp.kernel.transaction import transaction

bp = Blueprint("settlements", __name__, url_prefix="/settlements")
CURRENCY = "RUB"


class SettlementFilters(Within):
    state = choice(_("Any state"))


class SettlementForm(Form):
    amount = StringField(_("Amount"), [needed], render_kw={"inputmode": "decimal", "autocomplete": "off"})
    statement_number = StringField(
        _("Number in the bank's statement"), [needed], description=_("The evidence. It counts once.")
    )
    settled_on = DateField(_("When it came"), [needed])
    note = StringField(_("Note"))


class VoidForm(Form):
    reason = StringField(_("Why"), [needed])


def _find(form: SettlementFilters) -> Listed:
    return payments.search_settlements(
        text=form.value("q"), voided=form.value("state") == "voided", span=form.span, sort=sort_key()
    ).dressed(lambda rows: with_actor_names(rows, "recorded_by"))


SETTLEMENTS = Listing(
    "settlements",
    _("Settlements"),
    _("What the acquirer transferred of what customers paid, as the bank's statement shows it."),
    columns=(
        Column("reference", _("Settlement"), Mono(), card="name", to=To("settlements.show")),
        Column("settled_at", _("Came"), Moment(), sort=True, card="note", quiet=True),
        Column("amount", _("Amount"), Money(), sort=True, card="sum", total=True),
        Column("statement_number", _("Statement"), Mono(), card="more"),
        Column(
            "state",
            _("State"),
            Tag(),
            of=lambda row: "voided" if row.voided_at else "booked_down",
            card="state",
        ),
        Column("note", _("Note"), Words(), shown=False),
        Column("recorded_by", _("Written down by"), quiet=True),
        Column("recorded_at", _("Written down"), Moment(), shown=False),
    ),
    find=_find,
    filters=lambda: SettlementFilters(state=[("voided", _("Voided"))]),
    empty=Empty(
        "landmark",
        _("No settlement yet"),
        _("When the bank's statement shows a transfer of the acquirer, write it down here."),
    ),
    step=Step(_("Write one down"), "settlements.new", Permission.BOOKS_WRITE),
    views=(View(_("All")), View(_("Voided"), {"state": "voided"})),
)
mount(bp, SETTLEMENTS, Permission.PAYMENTS_READ)


@bp.get("/new")
@requires(Permission.BOOKS_WRITE)
def new() -> Any:
    form = SettlementForm(formdata=None, settled_on=clock.now().astimezone(get_timezone()).date())
    return page_or_part("settlements/new.html", "settlements/_form.html", **_context(form, None))


@bp.post("")
@requires(Permission.BOOKS_WRITE)
def create() -> Any:
    form = SettlementForm()
    with attempt(form) as tried, transaction():
        form.check()
        now = clock.now()
        day = midnight(form.settled_on.data)
        assert day is not None, "it was checked"
        reference = payments.record_settlement(
            amount_in(form.amount, CURRENCY),
            statement_number=form.statement_number.data,
            settled_at=day,
            note=form.note.data or "",
            by=current_user.actor,
            now=now,
        )
    if tried.refusal:
        return refused("settlements/new.html", "settlements/_form.html", **_context(form, tried.refusal))
    flash(gettext("The settlement is in the books."))
    return seen_other(url_for("settlements.show", reference=reference))


def _context(form: SettlementForm, refusal: str | None) -> dict[str, Any]:
    return {"form": form, "refusal": refusal, "held": payments.in_clearing(), "currency": CURRENCY}


@bp.get("/<reference>")
@requires(Permission.PAYMENTS_READ)
def show(reference: str) -> Any:
    return render_template("settlements/show.html", **_shown(reference))


@bp.post("/<reference>/voiding")
@requires(Permission.BOOKS_WRITE)
def void(reference: str) -> Any:
    settlement, form = payments.find_settlement(reference), VoidForm()
    with attempt(form) as tried, transaction():
        unchanged("settlement", settlement.id)
        form.check()
        payments.void_settlement(reference, reason=form.reason.data, by=current_user.actor, now=clock.now())
    if tried.refusal:
        context = _shown(reference) | {"form": form, "refusal": tried.refusal}
        return refused("settlements/show.html", "settlements/_void.html", **context)
    flash(gettext("The settlement is void, and its mirror is in the books."))
    return seen_other(url_for("settlements.show", reference=reference))


def _shown(reference: str) -> dict[str, Any]:
    settlement = payments.find_settlement(reference)
    return {
        "settlement": settlement,
        "recorded_by": actor_name(settlement.recorded_by),
        "voided_by": actor_name(settlement.voided_by),
        "history": history_of("settlement", settlement.id),
        "form": VoidForm(formdata=None),
        "refusal": None,
    }
