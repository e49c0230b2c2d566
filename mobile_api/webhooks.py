"""What the bank calls. A notification is only kept and queued here: a job asks the bank what is true."""

from __future__ import annotations

from flask import Blueprint, Response, request

from erp.domain import payments, payouts
from erp.extensions import csrf
from erp.kernel import addresses, clock
from erp.kernel.permissions import public
from erp.kernel.transaction import transaction

blueprint = Blueprint("webhooks", __name__)
csrf.exempt(blueprint)


@blueprint.post(addresses.PAYMENT_NEWS)
@public("the bank signs what it sends, and the signature is checked")
def receive_payment_notification() -> Response:
    with transaction():
        receipt = payments.receive_notification(request.get_data(), now=clock.now())
    return _answer(receipt)


@blueprint.post(addresses.PAYOUT_NEWS)
@public("the bank signs what it sends, and the signature is checked")
def receive_payout_notification() -> Response:
    with transaction():
        receipt = payouts.receive_notification(request.get_data(), now=clock.now())
    return _answer(receipt)


def _answer(receipt: payments.Receipt) -> Response:
    """Exactly `OK` tells the bank that its news arrived; anything else makes it send them again."""
    if receipt.answer_ok:
        return Response("OK", mimetype="text/plain")
    status = 403 if receipt.verdict is payments.Verdict.BAD_TOKEN else 404
    return Response(receipt.verdict.value, status, mimetype="text/plain")
