"""What WTForms says of a wrong value, in our words: its own are in English, or loosely translated."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

WORDS: dict[str, LazyString] = {
    "This field is required.": _("This is needed."),
    "Not a valid integer value.": _("Write a whole number."),
    "Not a valid decimal value.": _("Write a number."),
    "Not a valid date value.": _("Write a date."),
    "Not a valid datetime value.": _("Write a date and a time."),
    "Not a valid choice.": _("There is no such choice."),
    "'%(value)s' is not a valid choice for this field.": _("There is no such choice."),
    "'%(value)s' are not valid choices for this field.": _("There is no such choice."),
    "Number must be at least %(min)s.": _("At least %(min)s."),
    "Number must be at most %(max)s.": _("At most %(max)s."),
    "Number must be between %(min)s and %(max)s.": _("Between %(min)s and %(max)s."),
    "Invalid input.": _("This value cannot be accepted."),
}


class FormWords:
    """What a form of WTForms asks for its sentences."""

    def gettext(self, text: str) -> str:
        return str(WORDS.get(text, text))

    def ngettext(self, one: str, many: str, number: int) -> str:
        return self.gettext(one if number == 1 else many)


FORM_WORDS = FormWords()
