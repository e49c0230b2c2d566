"""People take back what was earned, two of them above a limit, and undo it; all of it in any order with refunds."""

from itertools import permutations

import pytest

from erp.domain import commissions
from erp.domain.commissions import refusals
from erp.kernel import audit, clock
from erp.kernel.actor import Actor
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.transaction import release, transaction
from tests.support.cast import NOW, SOMEBODY
from tests.support.earnings import (
    FEDOR,
    FILIPP,
    LATER,
    balance,
    commission,
    customer_of,
    days,
    lines,
    mature,
    net,
    paid,
    pay_out,
    refunded,
)


@pytest.fixture
def shop(alice):
    return customer_of(alice, days(-30), connected=False)


@pytest.fixture(autouse=True)
def limit(superapp):
    """Above 300 roubles a second person is needed."""
    with transaction():
        commissions.change_reversal_limit("RUB", 30_000, by=SOMEBODY, now=NOW)


def ask(event, amount, code="fraud", *, by=FEDOR):
    id = commission(event).id
    with transaction():
        return commissions.ask_reversal(id, amount=amount, code=code, note="A test", by=by, now=NOW)


def undo(reference, *, by=FEDOR):
    with transaction():
        return commissions.ask_undo(reference, code="mistaken_reversal", note="A test", by=by, now=NOW)


def approve(reference, *, by=FILIPP):
    with transaction():
        commissions.approve_reversal(reference, by=by, now=NOW)


def told(event):
    words = [sentence.plain() for sentence in commissions.explain(commission(event).id)]
    release()
    return words


class TestAtAnyStage:
    def test_on_hold(self, alice, shop):
        event = paid(shop, 400_000)
        assert ask(event, 5_000).is_done
        assert (balance(alice), lines(event)) == (
            {"pending": 15_000},
            [("accrual", 20_000), ("reversal", -5_000)],
        )

    def test_frozen(self, alice, shop):
        event = paid(shop, 400_000)
        id = commission(event).id
        with transaction():
            commissions.freeze("suspicion", "x", commission_id=id, by=SOMEBODY, now=clock.now())
        ask(event, 20_000)
        assert balance(alice) == {}
        assert commission(event).state == "reversed"

    def test_available(self, alice, shop):
        event = paid(shop, 400_000)
        mature(LATER)
        ask(event, 5_000)
        assert balance(alice) == {"available": 15_000}

    def test_paid_out_it_becomes_a_debt(self, alice, shop):
        event = paid(shop, 400_000)
        mature(LATER), pay_out(alice)
        ask(event, 5_000)
        assert balance(alice) == {"available": -5_000}
        assert any("is a debt that later commissions repay" in sentence for sentence in told(event))

    def test_it_is_explained_with_its_reason(self, alice, shop):
        event = paid(shop, 400_000)
        made = ask(event, 5_000)
        undo(made.reference)
        assert (
            "it was decided to take it back, for the reason “it was obtained by deceit”: −50.00\xa0₽."
            in "\n".join(told(event))
        )
        assert (
            "a reversal by hand was undone, for the reason “the reversal was a mistake”: 50.00\xa0₽."
            in "\n".join(told(event))
        )


class TestSecondPerson:
    def test_up_to_the_limit_one_is_enough(self, alice, shop):
        event = paid(shop, 1_000_000)
        assert ask(event, 20_000).is_done
        assert net(event) == 30_000

    def test_above_it_a_different_one_approves(self, alice, shop):
        event = paid(shop, 1_000_000)
        asked = ask(event, 40_000)
        assert (asked.is_done, net(event)) == (False, 50_000)
        with pytest.raises(refusals.SecondPerson):
            approve(asked.reference, by=FEDOR)
        approve(asked.reference)
        assert net(event) == 10_000
        with pytest.raises(refusals.ReversalEnded):
            approve(asked.reference)

    def test_it_can_be_withdrawn(self, alice, shop):
        event = paid(shop, 1_000_000)
        asked = ask(event, 40_000)
        with transaction():
            commissions.withdraw_reversal(asked.reference, by=FILIPP, now=NOW)
        with pytest.raises(refusals.ReversalEnded):
            approve(asked.reference)
        assert net(event) == 50_000

    def test_when_less_is_left_by_then_nothing_is_taken(self, alice, shop):
        event = paid(shop, 1_000_000)
        asked = ask(event, 40_000)
        refunded(event, 900_000)
        with pytest.raises(Invalid):
            approve(asked.reference)
        assert net(event) == 5_000

    def test_what_was_split_to_stay_below_it_is_on_record(self, alice, shop):
        event = paid(shop, 1_000_000)
        made = [ask(event, 20_000).reference for _ in range(2)]
        found = [one.reference for one in commissions.reversals_of(commission(event).id)]
        assert found == made

    def test_undoing_is_under_the_same_limit(self, alice, shop):
        event = paid(shop, 1_000_000)
        asked = ask(event, 40_000)
        approve(asked.reference)
        back = undo(asked.reference)
        assert (back.is_done, net(event)) == (False, 10_000)
        approve(back.reference)
        assert (net(event), balance(alice)) == (50_000, {"pending": 50_000})


class TestRefused:
    def test_more_than_is_left_or_nothing(self, alice, shop):
        event = paid(shop, 400_000)
        for amount in (0, -1, 20_001):
            with pytest.raises(Invalid) as refusal:
                ask(event, amount)
            assert refusal.value.fields.keys() == {"amount"}

    def test_what_is_taken_back_already(self, alice, shop):
        event = paid(shop, 400_000)
        ask(event, 20_000)
        with pytest.raises(refusals.NothingLeft):
            ask(event, 1)

    def test_without_a_reason(self, alice, shop):
        event = paid(shop, 400_000)
        with pytest.raises(Invalid) as refusal, transaction():
            commissions.ask_reversal(
                commission(event).id, amount=1, code="whim", note=" ", by=SOMEBODY, now=NOW
            )
        assert refusal.value.fields.keys() == {"code", "note"}

    def test_undoing_twice_or_an_undoing(self, alice, shop):
        event = paid(shop, 400_000)
        made = ask(event, 5_000)
        back = undo(made.reference)
        for one in (made, back):
            with pytest.raises(refusals.Undone):
                undo(one.reference)
        assert net(event) == 20_000

    def test_of_nothing(self, alice):
        with pytest.raises(NotFound), transaction():
            commissions.ask_reversal(10**9, amount=1, code="fraud", note="x", by=SOMEBODY, now=NOW)
        with pytest.raises(NotFound):
            undo("REV-NOTHING")


@pytest.mark.parametrize("order", list(permutations(["decide", "undo", "half", "all"])))
def test_in_any_order_with_refunds_the_same_is_left(alice, shop, order):
    """A decision of 60 % and its undoing, refunds of a half and of three quarters in all."""
    event, made = paid(shop, 400_000), None
    asked_first = order.index("decide") < order.index("undo")
    for deed in order:
        if deed == "decide":
            made = ask(event, min(12_000, net(event)))
        elif deed == "undo" and asked_first:
            undo(made.reference)
        elif deed in ("half", "all"):
            refunded(event, 200_000 if deed == "half" else 300_000)
        assert 0 <= net(event) <= 20_000
    if asked_first:
        assert net(event) == 5_000
    else:
        assert net(event) == max(0, 5_000 - commissions.find_reversal(made.reference).amount)
        release()


def test_the_limit_is_the_owners_choice_on_record(superapp):
    with transaction():
        commissions.change_reversal_limit("RUB", 0, by=Actor.system("x"), now=NOW)
    (found,) = commissions.reversal_limits()
    assert (found.currency, found.amount) == ("RUB", 0)
    *_, deed = audit.history("reversal_limit", "RUB")
    assert deed.details == {"before": 30_000, "amount": 0, "currency": "RUB"}
    with pytest.raises(Invalid), transaction():
        commissions.change_reversal_limit("RUB", -1, by=SOMEBODY, now=NOW)
