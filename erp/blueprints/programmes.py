"""Programmes, and the versions of their terms: drafted, compared, brought into force."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import FieldList, FormField, IntegerField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, NumberRange, Optional, Regexp
from wtforms.widgets import HiddenInput

from erp.blueprints.address import sort_key
from erp.blueprints.columns import NOTHING, Column, Count, Figures, Moment, Mono, Tag, To
from erp.blueprints.forms import Filters, Form, Row, amount_in, attempt, choice, needed, options, percent_in
from erp.blueprints.listing import Empty, Listing, Step, View
from erp.blueprints.lists import mount
from erp.blueprints.present import now
from erp.blueprints.presentation import format_bps
from erp.blueprints.responses import page_or_part, refused, seen_other
from erp.blueprints.terms import as_typed, changes, described
from erp.blueprints.zones import zone_choices
from erp.domain import programmes
from erp.kernel import clock
from erp.kernel.errors import NotFound
from erp.kernel.permissions import Permission, requires
from erp.kernel.transaction import transaction
from erp.language import locale

bp = Blueprint("programmes", __name__, url_prefix="/programmes")
CURRENCIES = ["RUB", "EUR"]
FEWEST_TIERS = 3


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


class TierForm(Row):
    name = StringField(_("Tier"))
    threshold = IntegerField(_("From connections"), [Optional(), NumberRange(0)])
    rate = StringField(_("Rate in percent"))

    @property
    def is_empty(self) -> bool:
        return not (self.name.data or self.rate.data or self.threshold.data is not None)


class RuleForm(Row):
    monthly_cap = StringField(
        _("Most an agent earns a calendar month"), description=_("Empty: as much as they earn.")
    )

    def rule(self, currency: str) -> programmes.RuleRow:
        cap = amount_in(self.monthly_cap, currency) if self.monthly_cap.data else None
        return programmes.RuleRow(monthly_cap=cap)


class TermsForm(Form):
    """A draft; rows of the tier ladder that are left empty do not count."""

    tiers = FieldList(FormField(TierForm), min_entries=FEWEST_TIERS)
    rules = FieldList(FormField(RuleForm), min_entries=1)
    window_days = IntegerField(_("Connections are counted over, days"), [InputRequired()], default=90)
    hold_days = IntegerField(_("Hold, days"), [InputRequired()], default=14)
    click_window_days = IntegerField(_("A click counts for, days"), [InputRequired()], default=30)
    minimum_payout = StringField(_("Smallest payout"), [needed], default="100")
    evidence = RadioField(
        _("Payments that earn"),
        [needed],
        choices=options(
            [
                ("bank_checked", _("those that the bank has confirmed")),
                ("attested", _("those that the owner's system reports, too")),
            ]
        ),
        default="bank_checked",
    )
    on_agent_closed = RadioField(
        _("When an agent is closed, what their customers pay later"),
        [needed],
        choices=options(
            [
                ("release", _("stays frozen until it is settled with the agent, then it is paid")),
                ("forfeit", _("goes back to the owner")),
            ]
        ),
        default="release",
    )
    note = StringField(_("What is new"), description=_("For colleagues."))
    revision = IntegerField(widget=HiddenInput(), default=1)

    def schedule(self) -> list[programmes.TierRow]:
        return [
            programmes.TierRow(
                tier.form.name.data or "", tier.form.threshold.data or 0, percent_in(tier.form.rate)
            )
            for tier in self.tiers
            if not tier.form.is_empty
        ]

    def given(self, currency: str) -> programmes.TermsDraft:
        return programmes.TermsDraft(
            self.schedule(),
            [rule.form.rule(currency) for rule in self.rules],
            window_days=self.window_days.data,
            hold_days=self.hold_days.data,
            click_window_days=self.click_window_days.data,
            minimum_payout=amount_in(self.minimum_payout, currency),
            evidence=self.evidence.data,
            on_agent_closed=self.on_agent_closed.data,
        )


class ProgrammeFilters(Filters):
    draft = choice(_("All"))


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
    return seen_other(url_for("programmes.new_terms", reference=programmes.get(id).reference))


@bp.get("/<reference>")
@requires(Permission.PROGRAMMES_READ)
def show(reference: str) -> Any:
    programme = programmes.find(reference)
    versions = programmes.versions(programme.id)
    active = next((terms for terms in versions if terms.state == "active"), None)
    return render_template(
        "programmes/show.html",
        programme=programme,
        versions=versions,
        active=active and described(active, programme.currency),
    )


@bp.get("/<reference>/terms/new")
@requires(Permission.PROGRAMMES_WRITE)
def new_terms(reference: str) -> Any:
    """Begins with what the newest version says."""
    programme = programmes.find(reference)
    newest = next(iter(programmes.versions(programme.id)), None)
    begun = as_typed(newest, programme.currency) | {"note": ""} if newest else None
    return _terms_form(programme, TermsForm(data=begun))


@bp.post("/<reference>/terms")
@requires(Permission.PROGRAMMES_WRITE)
def create_terms(reference: str) -> Any:
    programme = programmes.find(reference)
    form = TermsForm()
    if "add" in request.form:
        form.tiers.append_entry()
        return _terms_form(programme, form)
    with attempt(form) as tried, transaction():
        form.check()
        given = form.given(programme.currency)
        id = programmes.draft(
            programme.id, given, note=form.note.data or "", by=current_user.actor, now=clock.now()
        )
    if tried.refusal:
        return _terms_form(programme, form, refusal=tried.refusal)
    flash(gettext("Drafted. Compare it with what is active, then activate it."))
    return seen_other(
        url_for("programmes.terms", reference=reference, version=_version(programme, id=id).version)
    )


def _terms_form(programme: Any, form: TermsForm, *, draft: Any = None, refusal: str | None = None) -> Any:
    """The form of a new draft, or of one that is there already."""
    return page_or_part(
        "programmes/edit_terms.html",
        "programmes/_terms_form.html",
        status=422 if refusal else 200,
        programme=programme,
        draft=draft,
        form=form,
        refusal=refusal,
    )


@bp.get("/<reference>/terms/<int:version>")
@requires(Permission.PROGRAMMES_READ)
def terms(reference: str, version: int) -> Any:
    programme = programmes.find(reference)
    shown = _version(programme, version=version)
    active = next((terms for terms in programmes.versions(programme.id) if terms.state == "active"), None)
    return render_template(
        "programmes/terms.html",
        programme=programme,
        terms=described(shown, programme.currency),
        active=active,
        changes=changes(active, shown, programme.currency) if active and active.id != shown.id else [],
    )


@bp.get("/<reference>/terms/<int:version>/edit")
@requires(Permission.PROGRAMMES_WRITE)
def edit_terms(reference: str, version: int) -> Any:
    programme = programmes.find(reference)
    draft = _version(programme, version=version)
    if draft.state != "draft":
        raise programmes.NotADraft
    return _terms_form(programme, TermsForm(data=as_typed(draft, programme.currency)), draft=draft)


@bp.post("/<reference>/terms/<int:version>")
@requires(Permission.PROGRAMMES_WRITE)
def change_terms(reference: str, version: int) -> Any:
    programme = programmes.find(reference)
    draft, form = _version(programme, version=version), TermsForm()
    if "add" in request.form:
        form.tiers.append_entry()
        return _terms_form(programme, form, draft=draft)
    with attempt(form) as tried, transaction():
        form.check()
        given, note, seen = form.given(programme.currency), form.note.data or "", form.revision.data
        programmes.redraft(draft.id, given, note=note, seen=seen, by=current_user.actor, now=clock.now())
    if tried.refusal:
        return _terms_form(programme, form, draft=draft, refusal=tried.refusal)
    flash(gettext("The draft is changed. Compare it with what is active, then activate it."))
    return seen_other(url_for("programmes.terms", reference=reference, version=version))


@bp.post("/<reference>/terms/<int:version>/activation")
@requires(Permission.PROGRAMMES_WRITE)
def activate(reference: str, version: int) -> Any:
    programme = programmes.find(reference)
    chosen = _version(programme, version=version)
    seen = request.form.get("revision", 0, type=int)
    with attempt() as tried, transaction():
        programmes.activate(chosen.id, seen=seen, by=current_user.actor, now=clock.now())
    if tried.refusal:
        flash(tried.refusal, "error")
    else:
        flash(gettext("Version %(version)s is in force for referrals made from now on.", version=version))
    return seen_other(url_for("programmes.terms", reference=reference, version=version))


@bp.post("/<reference>/terms/<int:version>/discard")
@requires(Permission.PROGRAMMES_WRITE)
def discard(reference: str, version: int) -> Any:
    programme = programmes.find(reference)
    draft = _version(programme, version=version)
    with attempt() as tried, transaction():
        programmes.discard(draft.id, by=current_user.actor, now=clock.now())
    if tried.refusal:
        flash(tried.refusal, "error")
    else:
        flash(gettext("The draft is gone."))
    return seen_other(url_for("programmes.show", reference=reference))


def _version(programme: Any, *, version: int | None = None, id: UUID | None = None) -> Any:
    for terms in programmes.versions(programme.id):
        if terms.version == version or terms.id == id:
            return terms
    raise NotFound
