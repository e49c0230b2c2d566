"""What an agent is told of terms: a new version of a programme, or that their referrals move to one."""

from __future__ import annotations

from typing import Any

from flask import Response, g
from pydantic import Field

from erp.domain import notices, programmes, referrals
from erp.kernel.permissions import for_agent
from erp.language import say
from mobile_api import pages
from mobile_api.answers import answer
from mobile_api.nouns import noun
from mobile_api.schemas import Moment, Named, Shown
from mobile_api.v1.terms import Change, told_changes

api = noun("notices", "Notices: what changes in the terms, told before it does")


class ComparedWith(Shown):
    version: int = Field(description="The terms before it")
    referrals: int | None = Field(
        description="How many of the agent's referrals leave them; none: new ones only"
    )
    changes: list[Change] = Field(description="In the language of the request")


class Notice(Shown):
    kind: str = Field(
        description="terms: a new version, for referrals made from then on; rerate: referrals that were made move to it"
    )
    programme: Named
    version: int
    effective_from: Moment
    announced_at: Moment
    called_off_at: Moment | None = Field(description="When it was announced that it does not come after all")
    reason: str | None = Field(description="The coded reason of a move")
    reason_text: str | None = Field(description="The same in words")
    before: list[ComparedWith]


class Notices(Shown):
    items: list[Notice]
    next: str | None


@api.get("/notices", responses={200: Notices})
@for_agent
def list_notices(query: pages.PageQuery) -> Response:
    """List what the agent was told of terms, the latest first."""
    found = notices.of_agent(g.agent.id).page(pages.page_number(query), query.limit)
    return answer(Notices(items=[_shown(notice) for notice in found.rows], next=pages.after(found)))


def _shown(notice: Any) -> Notice:
    return Notice(
        kind=notice.kind,
        programme=Named(reference=notice.programme_reference, name=notice.programme_name),
        version=notice.version,
        effective_from=notice.from_at,
        announced_at=notice.announced_at,
        called_off_at=notice.called_off_at,
        reason=notice.code,
        reason_text=say(referrals.MOVE_CODES[notice.code]) if notice.code else None,
        before=list(_before(notice)),
    )


def _before(notice: Any) -> Any:
    if notice.rerate_id is not None:
        for left in notices.moved_by(notice.rerate_id, g.agent.id):
            yield _compared(left.terms_id, left.version, left.referrals, notice)
    elif notice.before_id is not None:
        version = programmes.version_of(notice.before_id).version
        yield _compared(notice.before_id, version, None, notice)


def _compared(terms_id: Any, version: int, moved: int | None, notice: Any) -> ComparedWith:
    changes = told_changes(programmes.as_draft(terms_id), notice.terms_id, notice.currency)
    return ComparedWith(version=version, referrals=moved, changes=changes)
