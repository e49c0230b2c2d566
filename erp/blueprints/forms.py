"""What the forms of all pages share: they say beside each field what to mend, and keep what was typed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Self
from zoneinfo import ZoneInfo

from flask_babel import get_timezone
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from markupsafe import Markup, escape
from wtforms import DateField, Field, FieldList, FormField, SelectField, StringField
from wtforms import Form as PlainForm
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import html_params

from erp.blueprints import address, typed
from erp.blueprints.form_words import FORM_WORDS, FormWords
from erp.kernel.errors import DomainError, Invalid
from erp.kernel.sentences import Amount, Rate, Sentence
from erp.kernel.span import Span
from erp.language import locale, say

needed = InputRequired(_("This is needed."))


def options(pairs: Iterable[tuple[str, Any]]) -> list[SelectChoice]:
    """(value, label) pairs as WTForms wants its choices."""
    return [SelectChoice(value, label) for value, label in pairs]


class Form(FlaskForm):
    """A form that changes something. Its CSRF token travels with it."""

    class Meta(FlaskForm.Meta):
        def get_translations(self, _form: Any) -> FormWords:
            return FORM_WORDS

    def check(self) -> None:
        """Raise `Invalid` when something typed cannot be accepted; the fields say what."""
        if not self.validate_on_submit():
            raise Invalid


class Row(PlainForm):
    """One of several like it inside a form."""

    class Meta:
        def get_translations(self, _form: Any) -> FormWords:
            return FORM_WORDS


class Filters(PlainForm):
    """The bar over a list, filled from the address; `q` is the search. Anything it does not know finds nothing."""

    DATES: tuple[str, ...] = ()
    """Fields that say when; they share one place in the bar."""
    q = StringField(_("Search"))

    def __init__(self, **choices: Sequence[tuple[str, Any]]):
        self.asked, self.searched, self.choices = address.args(), address.searched(), choices

    def bound(self) -> Self:
        """With its fields, which most pages do not need: their bar was drawn before."""
        if "_fields" not in vars(self):
            super().__init__(self.asked)
            self.q.data = self.searched
            for name, offered in self.choices.items():
                self[name].choices = [("", self[name].label.text), *offered]
        return self

    def value(self, name: str) -> str:
        """What was typed or picked."""
        return (self.searched if name == "q" else self.asked.get(name, "")).strip()

    def day(self, name: str) -> dt.date | None:
        """What a field for a day, or for a month, says."""
        found: dt.date | None = self.bound()[name].data if self.value(name) else None
        return found

    @property
    def offered(self) -> Hashable:
        """What can be picked; words of ours say the same in the same language."""
        return tuple(
            [
                (name, tuple([(value, label if isinstance(label, str) else "") for value, label in offered]))
                for name, offered in self.choices.items()
            ]
        )


class Within(Filters):
    """A bar that also cuts the list by days, as the reader's zone has them; `by` says of which moment."""

    DATES: tuple[str, ...] = ("since", "until", "by")
    since = DateField(_("From"), [Optional()])
    until = DateField(_("To"), [Optional()])

    @property
    def span(self) -> Span:
        """From the beginning of the first day to the end of the last."""
        last = self.day("until")
        return Span(midnight(self.day("since")), midnight(last and last + dt.timedelta(days=1)))


def midnight(day: dt.date | None) -> dt.datetime | None:
    """When a day begins for the reader."""
    return dt.datetime.combine(day, dt.time(), ZoneInfo(str(get_timezone()))) if day else None


def choice(label: Any) -> SelectField:
    """A filter to pick from; the choices are given when the page is made."""
    return SelectField(label, choices=[], validate_choice=False, widget=Picks())


class Picks:
    """A list to pick from. Its options are written once for a language, what is offered and what is picked."""

    def __call__(self, field: Any, **attributes: Any) -> Markup:
        offered = tuple([(value, str(label)) for value, label in field.choices])
        named = {"id": field.id, "name": field.name, **attributes}
        written = "".join([f' {name}="{escape(value)}"' for name, value in sorted(named.items())])
        return Markup(f"<select{written}>{_picks(offered, field.data)}</select>")


@lru_cache(maxsize=512)
def _picks(offered: tuple[tuple[str, str], ...], picked: str | None) -> str:
    return "".join(
        f"<option {html_params(value=value, selected=value == picked)}>{escape(label)}</option>"
        for value, label in offered
    )


class Outcome:
    """How an attempt ended; `refusal` is the sentence to show when it did not succeed."""

    refusal: str | None = None


@contextmanager
def attempt(form: Form | None = None) -> Iterator[Outcome]:
    """Turn a refusal of the domain into a sentence, and into words beside the fields it names.

    Comes before `transaction()`, so that the refusal has rolled it back: `with attempt(form) as tried, transaction():`
    """
    outcome = Outcome()
    try:
        yield outcome
    except DomainError as refusal:
        outcome.refusal = say(refusal.said)
        if form is not None:
            _tell_fields(form, refusal.fields)


def amount_in(field: Field, currency: str) -> int:
    """What was typed into `field` as minor units. Raises `Invalid` naming the field."""
    try:
        return typed.amount(field.data or "", currency, locale())
    except ValueError:
        sentence = Sentence("Write an amount such as %(example)s.", example=Amount(123450, currency))
        raise Invalid(sentence, fields={field.name: sentence}) from None


def percent_in(field: Field) -> int:
    """What was typed into `field` ("8.5") as basis points, which are hundredths of a percent."""
    try:
        return typed.percent(field.data or "", locale())
    except ValueError:
        sentence = Sentence("Write a percentage such as %(example)s.", example=Rate(850))
        raise Invalid(sentence, fields={field.name: sentence}) from None


def _tell_fields(form: Form, problems: Mapping[str, Sentence]) -> None:
    fields = {field.name: field for field in _every_field(form)}
    for name, problem in problems.items():
        name = name.removesuffix("_bps")  # a rate is typed as percent
        if name in fields:
            fields[name].errors = [*fields[name].errors, say(problem)]


def _every_field(fields: Any) -> Iterator[Field]:
    for field in fields:
        yield field
        if isinstance(field, FieldList | FormField):
            yield from _every_field(field)
