"""Work that waits, is tried again, or was given up and needs a person."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user

from erp.blueprints.forms import Filters, choice
from erp.blueprints.listing import page_number, sort_key
from erp.blueprints.responses import page_or_part, seen_other
from erp.kernel import audit, clock, outbox
from erp.kernel.permissions import Permission, requires
from erp.kernel.transaction import transaction

bp = Blueprint("jobs", __name__, url_prefix="/jobs")
STATES = [("given_up", _("Given up")), ("retrying", _("Will be retried")), ("waiting", _("Waiting"))]


class JobFilters(Filters):
    state = choice(_("Any state"))


@bp.get("")
@requires(Permission.JOBS_READ)
def index() -> Any:
    form = JobFilters(state=STATES)
    page = outbox.search(q=form.value("q"), state=form.value("state"), sort=sort_key(), page=page_number())
    return page_or_part("jobs/index.html", "jobs/_rows.html", form=form, page=page, workers=outbox.workers())


@bp.get("/<int:id>")
@requires(Permission.JOBS_READ)
def show(id: int) -> Any:
    return render_template("jobs/show.html", job=outbox.find(id))


@bp.post("/<int:id>/retry")
@requires(Permission.JOBS_RETRY)
def retry(id: int) -> Any:
    with transaction():
        again = outbox.retry(id)
        if again:
            audit.record("job.retried", "job", id, by=current_user.actor, at=clock.now())
    flash(gettext("It is tried again now.") if again else gettext("It is done already, or has not failed."))
    return seen_other(url_for("jobs.index"))
