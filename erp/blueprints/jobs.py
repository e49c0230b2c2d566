"""Work that waits, is tried again, or was given up and needs a person."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user

from erp.blueprints.address import sort_key
from erp.blueprints.bulk_actions import BulkAction
from erp.blueprints.columns import Column, Count, Drawn, Moment, Mono, Tag, To, Trace
from erp.blueprints.forms import Filters, attempt, choice
from erp.blueprints.job_names import job_name
from erp.blueprints.listing import Empty, Listing, View
from erp.blueprints.lists import mount
from erp.blueprints.responses import seen_other
from erp.kernel import clock, outbox
from erp.kernel.permissions import Permission, requires
from erp.kernel.transaction import transaction

bp = Blueprint("jobs", __name__, url_prefix="/jobs")
STATES = [("given_up", _("Given up")), ("retrying", _("Will be retried")), ("waiting", _("Waiting"))]


class JobFilters(Filters):
    state = choice(_("Any state"))


JOBS = Listing(
    "jobs",
    _("Jobs"),
    _("Work the system does by itself. What has succeeded leaves this list."),
    columns=(
        Column(
            "job",
            _("Job"),
            of=lambda job: job_name(job.job),
            sort=True,
            card="name",
            to=To("jobs.show", "id", "id"),
        ),
        Column("subject", _("Subject"), Mono(), card="note", shown=False),
        Column("state", _("State"), Tag(), card="state"),
        Column("attempts", _("Attempts"), Count(), sort=True),
        Column("written_at", _("Written"), Moment(), shown=False),
        Column("due_at", _("Due"), Moment(is_near=True), sort=True, card="sum", quiet=True),
        Column("last_error", _("Last error"), Trace(), card="more"),
        Column("retry", _("Retry"), Drawn("jobs/_cells.html", "retry"), of=str),
    ),
    find=lambda form: outbox.search(q=form.value("q"), state=form.value("state"), sort=sort_key()),
    filters=lambda: JobFilters(state=STATES),
    empty=Empty("list-checks", _("Nothing waits"), _("All work is done.")),
    actions=(
        BulkAction(
            "retry",
            _("Retry"),
            "erp.kernel.outbox.retry",
            Permission.JOBS_RETRY,
            _("Each job that failed is tried again now, as if for the first time."),
            "rotate-cw",
        ),
    ),
    label=lambda row: f"{job_name(row.job)} {row.id}",
    views=(
        View(_("All")),
        View(_("Given up"), {"state": "given_up"}),
        View(_("Will be retried"), {"state": "retrying"}),
        View(_("Waiting"), {"state": "waiting"}),
    ),
    template="jobs/index.html",
    more=lambda: {"workers": outbox.workers()},
)
mount(bp, JOBS, Permission.JOBS_READ)


@bp.get("/<int:id>")
@requires(Permission.JOBS_READ)
def show(id: int) -> Any:
    job = outbox.find(id)
    return render_template("jobs/show.html", job=job, name=job_name(job.job))


@bp.post("/<int:id>/retry")
@requires(Permission.JOBS_RETRY)
def retry(id: int) -> Any:
    with attempt() as tried, transaction():
        outbox.retry(id, by=current_user.actor, now=clock.now())
    flash(tried.refusal or gettext("It is tried again now."), "error" if tried.refusal else "message")
    return seen_other(url_for("jobs.index"))
