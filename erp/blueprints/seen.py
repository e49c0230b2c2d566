"""What a reader saw when they sent a form: a deed on something that somebody else changed meanwhile is not done blindly."""

from __future__ import annotations

from uuid import UUID

from flask import request
from flask_babel import gettext
from flask_login import current_user

from erp.blueprints.deeds import deed
from erp.blueprints.people import actor_names
from erp.blueprints.presentation import format_moment
from erp.kernel import audit
from erp.kernel.errors import DomainError
from erp.kernel.sentences import Sentence

CHANGE_NOTHING = (".signed_in", ".signed_out")


class ChangedMeanwhile(DomainError):
    code = "changed_meanwhile"
    sentence = Sentence("This was changed meanwhile. Look at it again, then send once more.")


def seen(subject_type: str, subject_id: UUID | str | int) -> int:
    """What a form carries: the last deed on its subject that the page shows."""
    return audit.last(subject_type, subject_id)


def unchanged(subject_type: str, subject_id: UUID | str | int) -> None:
    """Raise `ChangedMeanwhile`, which tells what was done, if somebody else did anything to it since the form was shown.

    A form that carries nothing (a script's) is not asked. The answer to the refusal shows the subject anew, so that the
    same form sent once more is meant.
    """
    before = request.form.get("seen", type=int)
    if before is None:
        return
    me = ("staff", str(current_user.id))
    others = [
        entry
        for entry in audit.history(subject_type, subject_id, after=before)
        if (entry.actor_kind, entry.actor_id) != me and not entry.action.endswith(CHANGE_NOTHING)
    ]
    if others:
        raise ChangedMeanwhile(
            Sentence(
                "Meanwhile: %(deeds)s. Nothing was done yet, and what you typed is kept. Look at it again, then send once more.",
                deeds=", ".join(_told(others)),
            )
        )


def _told(entries: list[audit.AuditEntry]) -> list[str]:
    names = actor_names((entry.actor_kind, entry.actor_id) for entry in entries)
    return [
        gettext(
            "%(deed)s (%(name)s, %(moment)s)",
            deed=deed(entry.action).title,
            name=names[entry.actor_kind, entry.actor_id],
            moment=format_moment(entry.at),
        )
        for entry in entries
    ]
