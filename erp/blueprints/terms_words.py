"""Terms as their readers read them: what a version says, and what it says differently from another."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple

from flask_babel import get_timezone

from erp.domain import programmes
from erp.domain.programmes import TermsDraft
from erp.kernel.sentences import Sentence, formatted
from erp.language import locale, say


class Chapter(NamedTuple):
    """What the terms say about one thing."""

    title: str
    sentences: list[str]


class Change(NamedTuple):
    """One thing that two versions say differently: "" where one of them says nothing of it."""

    what: str
    before: str
    after: str
    means: list[str]


def described(terms: Any, currency: str) -> SimpleNamespace:
    """A version with its ladder of tiers and what it says in sentences."""
    draft = programmes.as_draft(terms.id)
    return SimpleNamespace(
        **terms._asdict(),
        tiers=draft.tiers,
        follows_tiers=any(rule.follows_tiers for rule in draft.rules),
        chapters=told(draft, currency),
        doubts=[say(doubt.said) for doubt in programmes.doubts(draft)],
    )


def told(draft: TermsDraft, currency: str) -> list[Chapter]:
    return [
        Chapter(say(chapter.title), [say(sentence) for sentence in chapter.sentences])
        for chapter in programmes.chapters(draft, currency)
    ]


def changes(before: TermsDraft, after: TermsDraft, currency: str) -> list[Change]:
    """What `after` says differently from `before`; empty when they say the same."""
    return [
        Change(
            say(change.what),
            _said(change.before),
            _said(change.after),
            [say(means) for means in change.means],
        )
        for change in programmes.changes(before, after, currency)
    ]


def _said(value: Any) -> str:
    if value is None:
        return ""
    return say(value) if isinstance(value, Sentence) else formatted(value, locale(), get_timezone())
