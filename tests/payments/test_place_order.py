"""A customer is asked to pay."""

import pytest

from erp.domain import payments
from erp.kernel.db import scalar
from erp.kernel.errors import Invalid, NotFound
from tests.payments.conftest import place_order
from tests.support.trade import customer

pytestmark = pytest.mark.usefixtures("terms")


def test_an_order_waits_to_be_paid():
    order = payments.find_order(place_order(customer()))
    assert (order.state, order.amount, order.payment_reference) == ("open", 150_000, None)
    assert payments.find_order_by_external_id("order-1").reference == order.reference


def test_the_same_order_again_is_the_same_order():
    buyer = customer()
    assert place_order(buyer) == place_order(buyer)
    assert scalar("select count(*) from customer_order") == 1


def test_the_same_id_with_another_amount_is_refused():
    buyer = customer()
    place_order(buyer)
    with pytest.raises(payments.OrderDiffers):
        place_order(buyer, amount=150_001)


def test_the_same_id_of_another_customer_is_refused():
    place_order(customer("customer-1"))
    with pytest.raises(payments.OrderDiffers):
        place_order(customer("customer-2"))


def test_nobody_unknown_is_asked_to_pay():
    with pytest.raises(NotFound):
        place_order("nobody")


def test_an_amount_the_bank_cannot_take_is_named():
    with pytest.raises(Invalid) as refusal:
        place_order(customer(), amount=5)
    assert refusal.value.fields.keys() == {"amount"}
