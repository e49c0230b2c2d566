"""Sign-ups that arrive together."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from erp.domain import agents, bookings, referrals
from erp.kernel.actor import Actor
from erp.kernel.db import row, scalar
from erp.kernel.transaction import transaction
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


INN = "7707083893"


def test_a_contact_taken_on_while_a_customer_signs_up_waits_and_is_refused(app: Flask, context: None) -> None:
    cast.programme()
    alice = agent(1)
    with ThreadPoolExecutor(1) as other:
        with transaction():
            sign_up(referrals.SignUp(external_id="shop-1", kind="company", inn=INN, code=code_of(alice)))
            taken_on = other.submit(_commit, app, lambda: _take_inn_on(alice))
            assert not wait([taken_on], timeout=0.5).done
        assert isinstance(taken_on.exception(timeout=10), agents.OwnCustomer)


def test_a_sign_up_waits_for_the_contact_that_makes_it_a_self_referral(app: Flask, context: None) -> None:
    cast.programme()
    alice = agent(1)
    given = referrals.SignUp(external_id="shop-1", kind="company", inn=INN, code=code_of(alice))
    with ThreadPoolExecutor(1) as other:
        with transaction():
            _take_inn_on(alice)
            signed_up = other.submit(_commit, app, lambda: sign_up(given))
            assert not wait([signed_up], timeout=0.5).done
        assert signed_up.result(timeout=10).reason == "self_referral"


def _take_inn_on(who: UUID) -> None:
    agents.update_profile(who, inn=INN, by=SOMEBODY, now=NOW)


def _commit(app: Flask, deed: Callable[[], Any]) -> Any:
    with app.app_context(), transaction():
        return deed()
