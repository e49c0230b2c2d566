"""Sign-ups that arrive together."""

from collections import Counter
from uuid import UUID

import pytest
from flask import Flask

from erp.domain import agents, bookings, referrals
from erp.kernel.actor import Actor
from erp.kernel.db import row, scalar
from tests.support import cast
from tests.support.cast import NOW, SOMEBODY, agent, at_once, code_of, places

PRODUCT = Actor.product(UUID(int=1))


def sign_up(given: referrals.SignUp) -> referrals.SignedUp:
    return referrals.sign_up(given, by=PRODUCT, now=NOW)


def test_one_sign_up_told_ten_times_at_once_is_one_customer(app: Flask) -> None:
    with app.app_context():
        cast.programme()
        given = referrals.SignUp(external_id="shop-1", kind="company", code=code_of(agent(1)))
    answers = at_once(app, sign_up, [given] * 10)
    assert Counter(answer.again for answer in answers) == {False: 1, True: 9}
    assert len({(answer.customer, answer.referral) for answer in answers}) == 1
    with app.app_context():
        assert scalar("select count(*) from customer") == scalar("select count(*) from referral") == 1
        assert scalar("select count(*) from person_key") == 2


def test_of_several_who_sign_up_one_place_at_once_one_is_attributed(app: Flask) -> None:
    with app.app_context():
        cast.programme()
        (cafe,) = places("Cafe Aino")
        code = code_of(agent(1))
    given = [
        referrals.SignUp(
            external_id=f"shop-{number}", kind="establishment", establishment=cafe.reference, code=code
        )
        for number in range(8)
    ]
    answers = at_once(app, sign_up, given)
    assert Counter(answer.reason for answer in answers) == {None: 1, "already_connected": 7}


@pytest.mark.parametrize("attempt", range(5))
def test_a_booking_and_a_sign_up_at_once_never_leave_an_open_booking_on_a_customer(
    app: Flask, attempt: int
) -> None:
    with app.app_context():
        cast.programme()
        found = places(*(f"Cafe {number}" for number in range(6)))
        alice, code = agent(1), code_of(agent(2))

    def book_or_sign_up(number: int) -> object:
        place = found[number // 2]
        if number % 2:
            return bookings.book(alice, place.id, by=SOMEBODY, now=NOW)
        given = referrals.SignUp(
            external_id=place.reference, kind="establishment", establishment=place.reference, code=code
        )
        return sign_up(given)

    answers = at_once(app, book_or_sign_up, list(range(12)))
    for signed_up, booked in zip(answers[::2], answers[1::2], strict=True):
        if isinstance(booked, bookings.AlreadyConnected):
            assert signed_up.basis == "code"
        else:
            assert signed_up.basis == "booking", booked
    with app.app_context():
        open_ones = row(
            """select count(*) filter (where b.ended_at is null) as open, count(*) as all
               from booking b join claim_group g on g.id = b.claim_group_id where g.connected_at is not null"""
        )
    assert open_ones is not None
    assert open_ones.open == 0


def test_a_contact_taken_on_during_a_sign_up_cannot_slip_past_the_check(app: Flask) -> None:
    """The trigger looks at committed rows only; the sign-up holds its agents, so one of the two sees the other."""
    from_both = []
    for number in range(1, 9):
        with app.app_context():
            if number == 1:
                cast.programme()
            who = agent(number)
            given = referrals.SignUp(
                external_id=f"shop-{number}", kind="company", inn="7707083893", code=code_of(who)
            )
        from_both.append(_both_at_once(app, who, given))
    assert all(len(succeeded) == 1 for succeeded in from_both), from_both


def _both_at_once(app: Flask, who: UUID, given: referrals.SignUp) -> list[str]:
    """Which of the two succeeded: taking the INN on, or being attributed."""

    def deed(name: str) -> object:
        if name == "attributed":
            return sign_up(given).referral
        return agents.update_profile(who, inn="7707083893", by=SOMEBODY, now=NOW) or "done"

    answers = at_once(app, deed, ["attributed", "inn"])
    return [
        name for name, answer in zip(("attributed", "inn"), answers, strict=True) if isinstance(answer, str)
    ]
