"""Terms taking force, now or at a moment to come, and ending."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, url_for
from flask_babel import gettext
from flask_login import current_user

from erp.blueprints.forms import attempt
from erp.blueprints.presentation import format_moment
from erp.blueprints.responses import refused, seen_other
from erp.blueprints.terms import shown
from erp.blueprints.terms_form import EndForm, ForceForm
from erp.domain import programmes
from erp.kernel import clock
from erp.kernel.permissions import Permission, requires
from erp.kernel.transaction import transaction

bp = Blueprint("terms_force", __name__, url_prefix="/programmes/<reference>/terms/<int:version>")


@bp.post("/activation")
@requires(Permission.PROGRAMMES_WRITE)
def activate(reference: str, version: int) -> Any:
    """Now, or when its moment comes."""
    programme = programmes.find(reference)
    chosen, form = programmes.version(programme.id, version), ForceForm()
    by, now, begins = current_user.actor, clock.now(), None
    with attempt(form) as tried, transaction():
        form.check()
        begins, seen, reason = form.moment(), int(form.revision.data or 0), form.reason.data
        if begins is None:
            programmes.activate(chosen.id, seen=seen, reason=reason, by=by, now=now)
        else:
            programmes.schedule(chosen.id, begins, seen=seen, reason=reason, by=by, now=now)
    if tried.refusal:
        return _refused(programme, version, tried.refusal, form=form)
    if begins is None:
        flash(gettext("Version %(version)s is in force for referrals made from now on.", version=version))
    else:
        flash(
            gettext(
                "Version %(version)s takes force on %(moment)s.",
                version=version,
                moment=format_moment(begins),
            )
        )
    return seen_other(url_for("terms.show", reference=reference, version=version))


@bp.post("/unscheduling")
@requires(Permission.PROGRAMMES_WRITE)
def unschedule(reference: str, version: int) -> Any:
    programme = programmes.find(reference)
    chosen = programmes.version(programme.id, version)
    with attempt() as tried, transaction():
        programmes.unschedule(chosen.id, by=current_user.actor, now=clock.now())
    if tried.refusal:
        flash(tried.refusal, "error")
    else:
        flash(gettext("Version %(version)s is a draft again.", version=version))
    return seen_other(url_for("terms.show", reference=reference, version=version))


@bp.post("/retirement")
@requires(Permission.PROGRAMMES_WRITE)
def retire(reference: str, version: int) -> Any:
    programme = programmes.find(reference)
    chosen, form = programmes.version(programme.id, version), EndForm()
    with attempt(form) as tried, transaction():
        form.check()
        programmes.retire(chosen.id, reason=form.reason.data, by=current_user.actor, now=clock.now())
    if tried.refusal:
        return _refused(programme, version, tried.refusal, ending=form)
    flash(
        gettext(
            "Version %(version)s is retired. Sign-ups are refused until other terms are in force.",
            version=version,
        )
    )
    return seen_other(url_for("terms.show", reference=reference, version=version))


def _refused(programme: Any, version: int, refusal: str, **forms: Any) -> Any:
    context = shown(programme, programmes.version(programme.id, version)) | forms
    return refused("terms/show.html", "terms/_force.html", **context | {"refusal": refusal})
