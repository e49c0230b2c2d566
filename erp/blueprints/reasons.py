"""Why somebody does what touches an agent's money: a reason from a list, which the agent sees, and a note."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import SelectField, TextAreaField

from erp.blueprints.forms import Form, needed, options
from erp.blueprints.presentation import capital
from erp.domain import commissions
from erp.language import say


class ReasonForm(Form):
    """`codes`: the reasons of this deed, keys of `commissions.CODES`."""

    code = SelectField(_("Reason"), [needed])
    note = TextAreaField(
        _("Note"), [needed], description=_("For colleagues; the agent sees the reason alone.")
    )

    def __init__(self, codes: tuple[str, ...], **values: Any):
        super().__init__(**values)
        words = ((code, say(commissions.CODES[code])) for code in codes)
        self.code.choices = options((code, capital(text)) for code, text in words)
