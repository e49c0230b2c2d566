"""The living page of components: every macro of `templates/components/` in every state. It is for those who build pages,
so it speaks English alone, and a live instance does not have it."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, current_app, flash, render_template, request, url_for
from wtforms import (
    BooleanField,
    DateField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)

from erp.blueprints import charts
from erp.blueprints.address import sort_key
from erp.blueprints.boards.figures import Change, Figure
from erp.blueprints.columns import Column, Money, Mono, Tag, To, Words
from erp.blueprints.forms import Form, attempt, needed
from erp.blueprints.listing import Empty, Listing, View
from erp.blueprints.lists import mount
from erp.blueprints.responses import done, page_or_part, refused, wants_part
from erp.blueprints.states import STATES, State
from erp.blueprints.way import Branch, Station
from erp.kernel import clock
from erp.kernel.errors import NotFound
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission, for_staff

bp = Blueprint("ui", __name__, url_prefix="/ui")
WHY = "it shows how things look, and nothing of anybody"
STEPS = 5
"""Answers after which the example of a progress is at its end."""


class SampleForm(Form):
    """One field of each kind."""

    text = StringField("Text", [needed], description="A hint says what is wanted.")
    number = IntegerField("Number", render_kw={"min": 0})
    day = DateField("Day")
    secret = PasswordField("Password")
    choice = SelectField("Choice", choices=[("a", "The first"), ("b", "The second")])
    several = SelectMultipleField("Several", choices=[("a", "This"), ("b", "That")])
    one = RadioField("One of", choices=[("a", "Either"), ("b", "Or")])
    yes = BooleanField("Yes or no")
    words = TextAreaField("Many words")


def _find(_form: Any) -> Listed:
    return Listed(
        """select * from (values ('EST-00000001', 'Cafe Aino', 'booked', 123450, 'RUB', 'The usual case.'),
                                 ('EST-00000002', 'Ravintola Koti', 'connected', -500, 'RUB', 'Less than nothing.'),
                                 ('EST-00000003', 'Salon Kide', 'expired', 0, 'RUB', repeat('Long words. ', 12)))
           as sample (reference, name, state, amount, currency, note)
           where :state = '' or state = :state""",
        {"name": "name", "-name": "name desc", "amount": "amount, name", "-amount": "amount desc, name"},
        sort_key(),
        {"state": request.args.get("state", "")},
    )


def _more() -> dict[str, Any]:
    return {
        "form": SampleForm(formdata=None),
        "wrong": _wrong(),
        "tones": _by_tone(),
        "timeline": _timeline(),
        "steps": _steps(),
        "figures": _figures(),
        "charts": _charts(),
        "books": _books(),
        "progress": 2,
        "steps_in_all": STEPS,
        "refusal": None,
    }


def _books() -> dict[str, Any]:
    legs = (("revenue", 0, 0, 250_000), ("vat", 0, 0, 50_000), ("clearing", -20_000, 300_000, 0))
    return {
        "accounts": [
            SimpleNamespace(
                kind=kind,
                currency="RUB",
                opening=before,
                debit=debit,
                credit=credit,
                balance=before + credit - debit,
            )
            for kind, before, debit, credit in legs
        ],
        "results": [
            SimpleNamespace(
                currency="RUB", parts={"revenue": 250_000, "fee": -7_500}, vat=50_000, total=242_500
            )
        ],
        "entries": lambda kind, **_which: f"#{kind}",
    }


SAMPLES = Listing(
    key="ui",
    title="Components",
    lead="Every macro of templates/components/ in every state.",
    columns=[
        Column("reference", "Reference", Mono()),
        Column("name", "Name", to=To("ui.index", "q", "reference"), sort=True, card="name"),
        Column("state", "State", Tag(), card="state"),
        Column("amount", "Amount", Money(), sort=True, card="sum", total=True),
        Column("note", "Note", Words(), card="more"),
    ],
    find=_find,
    empty=Empty("layers", "Nothing yet", "An empty list says what to do next."),
    views=[View("All"), View("Booked", {"state": "booked"}), View("Empty", {"state": "nothing"})],
    template="ui/index.html",
    more=_more,
)


@bp.before_request
def not_on_live() -> None:
    if current_app.config["REF"].mode == "live":
        raise NotFound


mount(bp, SAMPLES, Permission.CATALOGUE_READ)


@bp.post("/form")
@for_staff(WHY)
def send() -> Any:
    """A form that refuses an empty text and is glad of any other."""
    form = SampleForm()
    with attempt(form) as tried:
        form.check()
    if tried.refusal:
        return refused("ui/form.html", "ui/_form.html", form=form, refusal=tried.refusal)
    flash("It is done, and this says so.")
    return done(url_for("ui.index"), "ui/_form.html", form=SampleForm(formdata=None), refusal=None)


@bp.post("/toast")
@for_staff(WHY)
def toast() -> Any:
    category = "error" if request.form.get("tone") == "error" else "message"
    flash("Something did not work." if category == "error" else "Something was done.", category)
    return done(url_for("ui.index"), "ui/_toast_buttons.html")


@bp.get("/progress")
@for_staff(WHY)
def progress() -> Any:
    """Each answer is a step further; the last one asks no more."""
    at = min(STEPS, request.args.get("at", 0, type=int) + 1)
    return page_or_part("ui/progress.html", "ui/_progress.html", progress=at, steps_in_all=STEPS)


@bp.get("/drawer")
@for_staff(WHY)
def drawer() -> Any:
    template = "ui/_drawer.html" if wants_part() else "ui/drawer.html"
    return render_template(template)


def _wrong() -> SampleForm:
    """The form as it comes back when what was typed cannot be accepted."""
    form = SampleForm(formdata=None, prefix="wrong", data={"number": -3, "words": "kept"})
    for item in form:
        item.errors = ["This cannot be accepted."]
    return form


def _by_tone() -> dict[str, list[tuple[str, State]]]:
    tones: dict[str, list[tuple[str, State]]] = {}
    for name, state in STATES.items():
        tones.setdefault(state.tone, []).append((name, state))
    return tones


def _timeline() -> list[SimpleNamespace]:
    told = [("ok", "check"), ("wait", "hourglass"), ("go", "send"), ("bad", "circle-alert"), ("", "circle")]
    at = clock.now()
    return [
        SimpleNamespace(
            at=at - dt.timedelta(hours=number),
            title=f"A deed of tone “{tone}”",
            text="by somebody",
            icon=icon,
            tone=tone,
            url=url_for("ui.index"),
            label="AGT-7K3M9QXD",
            who="Somebody",
        )
        for number, (tone, icon) in enumerate(told)
    ]


def _steps() -> list[list[SimpleNamespace]]:
    way = [("done", "check"), ("done", "percent"), ("current", "hourglass"), ("later", "landmark")]
    failed = [*way[:2], ("failed", "x")]
    return [
        [
            SimpleNamespace(title=state, icon=icon, state=state, text="what is", at=None)
            for state, icon in line
        ]
        for line in (way, failed)
    ]


def _figures() -> list[Figure]:
    line = charts.spark([3, 5, 4, 8, 7, 11])
    return [
        Figure("Plain", "1,234", ""),
        Figure("With rows", "56", url_for("ui.index"), "under it, a note"),
        Figure("Better", "78", "", change=Change("+12 %", "ok", "trending-up"), line=line),
        Figure("Worse", "9", "", change=Change("−40 %", "bad", "trending-down"), tone="bad"),
    ]


def _charts() -> dict[str, Any]:
    here = url_for("ui.index")
    points = [
        charts.Point(f"W{week}", f"Week {week}", (week * 3 % 11, week * 5 % 7), here) for week in range(1, 13)
    ]
    both = ("First", "Second")
    heat = [charts.heat(part, 100, f"{part} of 100", here) for part in (100, 60, 20)]
    return {
        "bars": charts.bars("ui-bars", "Bars", points, charts.counts(), series=both),
        "lines": charts.lines("ui-lines", "Lines", points, charts.counts(), series=both),
        "funnel": charts.funnel([("Booked", 120, here), ("Meeting", 60, here), ("Connected", 12, here)]),
        "journey": [
            Station("Done", "check", "done", "100.00 ₽", "with a page", None, "PAY-7K3M9QXD", here),
            Station("Came back", "percent", "done", branches=(Branch("−40.00 ₽", "a branch", None, here),)),
            Station("Here now", "hourglass", "current", "60.00 ₽"),
            Station("Stuck", "snowflake", "failed", text="somebody must look"),
            Station("To come", "landmark", "later"),
        ],
        "heat": [
            ("January", here, "100", [*heat, None]),
            ("February", "", "80", [heat[0], None, None, None]),
        ],
        "shares": charts.shares(
            [("Paid", 700, here), ("On its way", 200, here), ("Open", 100, here)], charts.counts()
        ),
    }
