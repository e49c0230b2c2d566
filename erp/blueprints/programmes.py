"""Programmes: what is distributed, and the versions of its terms."""

from __future__ import annotations

from itertools import chain
from typing import Any

from flask import Blueprint, flash, render_template, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import Regexp

from erp.blueprints.address import sort_key
from erp.blueprints.columns import NOTHING, Column, Count, Figures, Moment, Mono, Tag, To
from erp.blueprints.forms import Filters, Form, attempt, choice, needed, options
from erp.blueprints.history import told
from erp.blueprints.listing import Empty, Listing, Step, View
from erp.blueprints.lists import mount
from erp.blueprints.present import now
from erp.blueprints.presentation import format_bps
from erp.blueprints.responses import page_or_part, refused, seen_other
from erp.blueprints.terms_words import described
from erp.blueprints.zones import zone_choices
from erp.domain import commissions, programmes
from erp.kernel import audit, clock
from erp.kernel.permissions import Permission, requires
from erp.kernel.transaction import transaction
from erp.language import locale

bp = Blueprint("programmes", __name__, url_prefix="/programmes")
CURRENCIES = ["RUB", "EUR"]


class ProgrammeForm(Form):
    name = StringField(_("Name"), [needed])
    key = StringField(
        _("Key"),
        [needed, Regexp("[a-z0-9-]+$", message=_("Small letters, digits and dashes only."))],
        description=_("How the product names it at sign-up, such as superapp."),
    )
    currency = SelectField(_("Currency"), choices=CURRENCIES)
    zone = SelectField(
        _("Calendar zone"), default="Europe/Moscow", description=_("Months and days are its own.")
    )

    def __init__(self, **values: Any):
        super().__init__(**values)
        self.zone.choices = options(zone_choices(locale(), now().date()))


class ProgrammeFilters(Filters):
    draft = choice(_("With a draft or not"))


def _terms_in_force(programme: Any) -> str:
    return gettext("version %(version)s", version=programme.version) if programme.version else NOTHING


def _rates(programme: Any) -> str:
    if not programme.version:
        return NOTHING
    return f"{format_bps(programme.lowest_bps)} – {format_bps(programme.highest_bps)}"


def _hold(programme: Any) -> str:
    days = programme.hold_days
    return ngettext("%(num)s day", "%(num)s days", days) if programme.version else NOTHING


PROGRAMMES = Listing(
    "programmes",
    _("Programmes"),
    _("What agents distribute, and the terms under which they earn."),
    columns=(
        Column("reference", _("Programme"), Mono(), to=To("programmes.show")),
        Column("name", _("Name"), sort=True, card="name", to=To("programmes.show")),
        Column("key", _("Key"), Mono(), shown=False),
        Column(
            "state",
            _("State"),
            Tag(),
            of=lambda row: "programme.active" if row.version else "draft",
            card="state",
        ),
        Column("terms", _("Active terms"), of=_terms_in_force, card="note"),
        Column("effective_from", _("In force since"), Moment(), shown=False),
        Column("next_from", _("Next terms from"), Moment()),
        Column("rates", _("Rates"), Figures(), of=_rates, card="sum"),
        Column("hold", _("Hold"), Figures(), of=_hold),
        Column("currency", _("Currency"), shown=False),
        Column("referrals", _("Referrals"), Count()),
    ),
    find=lambda form: programmes.search(
        q=form.value("q"), with_draft=bool(form.value("draft")), sort=sort_key()
    ),
    filters=lambda: ProgrammeFilters(draft=[("yes", _("With a draft of terms"))]),
    empty=Empty(
        "badge-percent", _("No programme yet"), _("A programme says what agents earn for which customers.")
    ),
    step=Step(_("New programme"), "programmes.new", Permission.PROGRAMMES_WRITE),
    views=(View(_("All")), View(_("With a draft of terms"), {"draft": "yes"})),
)
mount(bp, PROGRAMMES, Permission.PROGRAMMES_READ)


@bp.get("/new")
@requires(Permission.PROGRAMMES_WRITE)
def new() -> Any:
    return page_or_part("programmes/new.html", "programmes/_form.html", form=ProgrammeForm(), refusal=None)


@bp.post("")
@requires(Permission.PROGRAMMES_WRITE)
def create() -> Any:
    form = ProgrammeForm()
    with attempt(form) as tried, transaction():
        form.check()
        values = (form.key.data, form.name.data, form.currency.data, form.zone.data)
        id = programmes.create(*values, by=current_user.actor, now=clock.now())
    if tried.refusal:
        return refused("programmes/new.html", "programmes/_form.html", form=form, refusal=tried.refusal)
    flash(gettext("The programme exists. Draft its terms next."))
    return seen_other(url_for("terms.new", reference=programmes.get(id).reference))


@bp.get("/<reference>")
@requires(Permission.PROGRAMMES_READ)
def show(reference: str) -> Any:
    programme = programmes.find(reference)
    versions = programmes.versions(programme.id)
    active = next((terms for terms in versions if terms.state == "active"), None)
    deeds = [audit.history("programme", programme.id), *(audit.history("terms", one.id) for one in versions)]
    return render_template(
        "programmes/show.html",
        programme=programme,
        versions=versions,
        active=active and described(active, programme.currency),
        earned=commissions.earned_by_terms(programme.id),
        history=told(sorted(chain.from_iterable(deeds), key=lambda entry: entry.id)),
        notice=NoticeForm(formdata=None, days=programme.notice_days),
        refusal=None,
    )


class NoticeForm(Form):
    days = IntegerField(
        _("Days between telling agents and moving their referrals"),
        [needed],
        description=_("For re-rates that are approved from now on."),
    )


@bp.post("/<reference>/notice")
@requires(Permission.PROGRAMMES_WRITE)
def change_notice(reference: str) -> Any:
    programme, form = programmes.find(reference), NoticeForm()
    with attempt(form) as tried, transaction():
        form.check()
        programmes.change_notice(programme.id, form.days.data, by=current_user.actor, now=clock.now())
    if tried.refusal:
        return refused(
            "programmes/notice.html",
            "programmes/_notice.html",
            programme=programme,
            notice=form,
            refusal=tried.refusal,
        )
    flash(gettext("The notice is changed."))
    return seen_other(url_for("programmes.show", reference=reference))
