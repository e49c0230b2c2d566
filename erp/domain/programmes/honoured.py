"""What of all that terms could say the engine computes; the rest is refused, so that nothing is promised in vain.

`HONOURED` names, for each field that is not computed in full, the values that are. Whoever teaches the engine another
one takes it off here; the editor offers it from then on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from erp.domain.programmes.rules import (
    Base,
    EventKind,
    Measure,
    OnCancel,
    Payments,
    Reward,
    RuleKind,
    TermsDraft,
    Window,
)
from erp.kernel.sentences import Sentence

NOT_YET = Sentence("No commission is computed so yet. Choose another value, or leave it empty.")

OF_TERMS: dict[str, tuple[Any, ...]] = {
    "measure": (Measure.CONNECTIONS,),
    "window_kind": (Window.ROLLING,),
    "retroactive": (False,),
    "grace_days": (0,),
    "freeze_tier": (False,),
    "vat_bps": (0,),
    "fee_bps": (0,),
    "fee_minimum": (0,),
}
OF_RULES: dict[str, tuple[Any, ...]] = {
    "kind": (RuleKind.PERCENT,),
    "event_kind": (EventKind.PAYMENT,),
    "plan": (None,),
    "rate_bps": (None,),
    "amount": (None,),
    "payments": (Payments.EVERY,),
    "months": (None,),
    "months_from": (None,),
    "base": (Base.GROSS,),
    "line_cap": (None,),
    "customer_cap": (None,),
    "condition": (None,),
    "condition_days": (None,),
    "on_cancel": (OnCancel.UNEARNED,),
    "cancel_days": (None,),
    "reward": (Reward.MONEY,),
}


def not_honoured(draft: TermsDraft) -> Iterator[tuple[str, Sentence]]:
    """The fields of a draft, such as `rules-0-plan`, that say what no commission follows yet."""
    for name, values in OF_TERMS.items():
        if getattr(draft, name) not in values:
            yield name, NOT_YET
    for index, rule in enumerate(draft.rules):
        for name, values in OF_RULES.items():
            if getattr(rule, name) not in values:
                yield f"rules-{index}-{name}", NOT_YET


def has_choice(name: str) -> bool:
    """Whether there is anything to choose for this field of terms or of a rule."""
    return len((OF_TERMS | OF_RULES).get(name, ())) != 1


def honoured(name: str, words: Iterable[str]) -> list[str]:
    """Those of the words of a field that commissions follow."""
    limited = (OF_TERMS | OF_RULES).get(name)
    return [word for word in words if limited is None or word in limited]
