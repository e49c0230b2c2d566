"""The clock of a mock instance, which a person may move forward. On live there is no such page."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, current_app, flash, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import DateTimeLocalField, IntegerField
from wtforms.validators import NumberRange, Optional

from erp.blueprints.forms import Form, attempt
from erp.blueprints.presentation import format_moment
from erp.blueprints.responses import refused, seen_other
from erp.kernel import clock
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.outbox import enqueue
from erp.kernel.permissions import Permission, requires
from erp.kernel.sentences import Sentence
from erp.kernel.transaction import transaction

bp = Blueprint("clock", __name__, url_prefix="/mock/clock")
CATCH_UP = "erp.jobs.clock.catch_up"


class ClockForm(Form):
    days = IntegerField(_("Days forward"), [Optional(), NumberRange(1, 3650)])
    to = DateTimeLocalField(_("Or to this moment (UTC)"), [Optional()])

    def moment(self, present: dt.datetime) -> dt.datetime:
        """Where the clock shall stand."""
        if self.to.data:
            to: dt.datetime = self.to.data.replace(tzinfo=dt.UTC)
            return to
        if not self.days.data:
            raise Invalid(fields={"days": Sentence("Give a number of days, or a moment.")})
        return present + dt.timedelta(days=self.days.data)


@bp.before_request
def only_on_mock() -> None:
    if current_app.config["REF"].mode == "live":
        raise NotFound


@bp.get("")
@requires(Permission.CLOCK_MOVE)
def show() -> Any:
    return render_template("clock/show.html", form=ClockForm(), refusal=None)


@bp.post("")
@requires(Permission.CLOCK_MOVE)
def move() -> Any:
    """What became due in between is done at once, not when the schedule comes round."""
    form = ClockForm()
    with attempt(form) as tried, transaction():
        form.check()
        to = form.moment(clock.now())
        clock.move(to, by=current_user.actor)
        enqueue(CATCH_UP, to.isoformat())
    if tried.refusal:
        return refused("clock/show.html", "clock/_form.html", form=form, refusal=tried.refusal)
    flash(gettext("It is %(moment)s now.", moment=format_moment(to)))
    return seen_other(url_for("clock.show"))
