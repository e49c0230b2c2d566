"""What may happen to single commissions in a history; they are known by the order whose payment earned them."""

from __future__ import annotations

from dataclasses import dataclass

from erp.history.deeds import Deed


@dataclass(frozen=True, kw_only=True)
class RaiseDispute(Deed):
    """An agent says that what an order earned is wrong."""

    dispute: int
    agent: int
    order: int
    words: str


@dataclass(frozen=True, kw_only=True)
class Reply(Deed):
    """Support writes to the agent."""

    dispute: int
    words: str


@dataclass(frozen=True, kw_only=True)
class DecideDispute(Deed):
    dispute: int
    decision: str
    code: str
    note: str


@dataclass(frozen=True, kw_only=True)
class FreezeByHand(Deed):
    order: int
    code: str
    note: str


@dataclass(frozen=True, kw_only=True)
class LetGo(Deed):
    order: int
    code: str
    note: str


@dataclass(frozen=True, kw_only=True)
class TakeBackByHand(Deed):
    """Finance takes back so many percent of what an order earned; above the limit somebody else approves, or, where it
    `waits`, has not yet."""

    order: int
    percent: int
    code: str
    note: str
    waits: bool


@dataclass(frozen=True, kw_only=True)
class UndoTakingBack(Deed):
    order: int
