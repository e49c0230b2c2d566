"""Versions of a programme's terms: drafted, compared, brought into force."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from erp.blueprints.form_rows import rearranged
from erp.blueprints.forms import attempt
from erp.blueprints.history import history_of
from erp.blueprints.responses import page_or_part, seen_other
from erp.blueprints.terms_form import EndForm, ForceForm, TermsForm
from erp.blueprints.terms_typed import as_typed, blank, read
from erp.blueprints.terms_words import changes, described, told
from erp.domain import notices, programmes
from erp.kernel import clock
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.permissions import Permission, requires
from erp.kernel.transaction import transaction
from erp.language import say

bp = Blueprint("terms", __name__, url_prefix="/programmes/<reference>/terms")


@bp.get("/<int:version>")
@requires(Permission.PROGRAMMES_READ)
def show(reference: str, version: int) -> Any:
    programme = programmes.find(reference)
    return render_template("terms/show.html", **shown(programme, programmes.version(programme.id, version)))


def shown(programme: Any, terms: Any) -> dict[str, Any]:
    """What the page of a version tells."""
    versions = programmes.versions(programme.id)
    active = next((other for other in versions if other.state == "active"), None)
    return {
        "programme": programme,
        "terms": described(terms, programme.currency),
        "versions": versions,
        "active": active,
        "changes": _changes(active, terms, programme.currency) if active and active.id != terms.id else [],
        "history": history_of("terms", terms.id),
        "form": ForceForm(revision=terms.revision),
        "ending": EndForm(),
        "told": notices.told_of(terms.id),
        "refusal": None,
    }


def _changes(before: Any, after: Any, currency: str) -> Any:
    return changes(programmes.as_draft(before.id), programmes.as_draft(after.id), currency)


@bp.get("/compare")
@requires(Permission.PROGRAMMES_READ)
def compare(reference: str) -> Any:
    """Any two versions of a programme; without a choice, the newest with the one before it."""
    programme = programmes.find(reference)
    versions = programmes.versions(programme.id)
    if not versions:
        raise NotFound
    newest = versions[0].version
    after = programmes.version(programme.id, request.args.get("after", newest, type=int))
    usual = max((one.version for one in versions if one.version < after.version), default=after.version)
    before = programmes.version(programme.id, request.args.get("before", usual, type=int))
    return page_or_part(
        "terms/compare.html",
        "terms/_compared.html",
        programme=programme,
        versions=versions,
        before=before,
        after=after,
        changes=_changes(before, after, programme.currency),
    )


@bp.get("/new")
@requires(Permission.PROGRAMMES_WRITE)
def new(reference: str) -> Any:
    """Begins with what a version says: the one asked for, otherwise the newest."""
    programme = programmes.find(reference)
    versions = programmes.versions(programme.id)
    if not versions:
        return _editor(programme, TermsForm(data=blank(programme.currency)))
    copied = programmes.version(programme.id, request.args.get("copy", versions[0].version, type=int))
    form = TermsForm(data=as_typed(programmes.as_draft(copied.id), programme.currency))
    return _editor(programme, form, copied=copied)


@bp.post("")
@requires(Permission.PROGRAMMES_WRITE)
def create(reference: str) -> Any:
    programme = programmes.find(reference)
    if "do" in request.form:
        return _rearranged(programme)
    form = TermsForm()
    with attempt(form) as tried, transaction():
        given, note = read(form, programme.currency), form.note.data or ""
        id = programmes.draft(programme.id, given, note=note, by=current_user.actor, now=clock.now())
    if tried.refusal:
        return _editor(programme, form, refusal=tried.refusal)
    flash(gettext("Drafted. Compare it with what is active, then activate it."))
    drafted = programmes.version_of(id)
    return seen_other(url_for("terms.show", reference=reference, version=drafted.version))


@bp.get("/<int:version>/edit")
@requires(Permission.PROGRAMMES_WRITE)
def edit(reference: str, version: int) -> Any:
    programme = programmes.find(reference)
    draft = programmes.version(programme.id, version)
    if draft.state != "draft":
        raise programmes.NotADraft
    typed = as_typed(programmes.as_draft(draft.id), programme.currency)
    form = TermsForm(data=typed | {"note": draft.note, "revision": draft.revision})
    return _editor(programme, form, draft=draft)


@bp.post("/<int:version>")
@requires(Permission.PROGRAMMES_WRITE)
def change(reference: str, version: int) -> Any:
    programme = programmes.find(reference)
    draft = programmes.version(programme.id, version)
    if "do" in request.form:
        return _rearranged(programme, draft=draft)
    form = TermsForm()
    with attempt(form) as tried, transaction():
        given, seen = read(form, programme.currency), int(form.revision.data or 0)
        note = form.note.data or ""
        programmes.redraft(draft.id, given, note=note, seen=seen, by=current_user.actor, now=clock.now())
    if tried.refusal:
        overtaken = _against_theirs(programme, draft, form)
        return _editor(programme, form, draft=draft, refusal=tried.refusal, overtaken=overtaken)
    flash(gettext("The draft is changed. Compare it with what is active, then activate it."))
    return seen_other(url_for("terms.show", reference=reference, version=version))


def _against_theirs(programme: Any, draft: Any, form: TermsForm) -> Any:
    """When a colleague has written the draft meanwhile: what the form says differently. The same form sent once more is meant."""
    theirs = programmes.version(programme.id, draft.version)
    if theirs.state != "draft" or str(theirs.revision) == form.revision.data:
        return None
    try:
        mine = read(form, programme.currency)
    except Invalid:
        return None
    form.revision.data = str(theirs.revision)
    return changes(programmes.as_draft(theirs.id), mine, programme.currency)


def _rearranged(programme: Any, draft: Any = None) -> Any:
    """The same form with a row more, less or elsewhere."""
    moved = rearranged(MultiDict(request.form), request.form["do"])
    return _editor(programme, TermsForm(formdata=moved.typed), draft=draft, row=moved.row)


@bp.post("/summary")
@requires(Permission.PROGRAMMES_WRITE)
def summary(reference: str) -> Any:
    """What the form says as it stands, in sentences; nothing is kept."""
    programme = programmes.find(reference)
    return render_template("terms/_summary.html", **_summary(programme, TermsForm()))


def _summary(programme: Any, form: TermsForm) -> dict[str, Any]:
    try:
        draft = read(form, programme.currency)
    except Invalid as refusal:
        return {"told": [], "doubts": [], "to_mend": len(refusal.fields)}
    doubts = [say(doubt.said) for doubt in programmes.doubts(draft)]
    return {"told": told(draft, programme.currency), "doubts": doubts, "to_mend": 0}


def _editor(
    programme: Any,
    form: TermsForm,
    *,
    draft: Any = None,
    copied: Any = None,
    refusal: str | None = None,
    overtaken: Any = None,
    row: str = "",
) -> Any:
    """The form of a new draft, or of one that is there already, beside what it says."""
    return page_or_part(
        "terms/edit.html",
        "terms/_editor.html",
        status=422 if refusal else 200,
        programme=programme,
        draft=draft,
        copied=copied,
        form=form,
        refusal=refusal,
        overtaken=overtaken,
        row=row,
        summary=_summary(programme, form),
    )


@bp.post("/<int:version>/discard")
@requires(Permission.PROGRAMMES_WRITE)
def discard(reference: str, version: int) -> Any:
    programme = programmes.find(reference)
    draft = programmes.version(programme.id, version)
    seen = request.form.get("revision", 0, type=int)
    with attempt() as tried, transaction():
        programmes.discard(draft.id, seen=seen, by=current_user.actor, now=clock.now())
    if tried.refusal:
        flash(tried.refusal, "error")
        return seen_other(url_for("terms.show", reference=reference, version=version))
    flash(gettext("The draft is gone."))
    return seen_other(url_for("programmes.show", reference=reference))
