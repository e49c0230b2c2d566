"""A payment is money that a customer pays the owner through the bank, for an order; a refund is money going back."""

from erp.domain.payments.actions import (
    AlreadyPaid,
    BeingOpened,
    InitStep,
    OrderDiffers,
    apply_state,
    begin_check,
    begin_init,
    place_order,
    poll_open,
    record_init,
    record_init_failure,
)
from erp.domain.payments.attention import settle_attention
from erp.domain.payments.bank_steps import Edge, follow_payment, open_payment, send_refund
from erp.domain.payments.cancellations import record_cancellation
from erp.domain.payments.chargebacks import chargebacks_of, record_chargeback, reverse_chargeback
from erp.domain.payments.notifications import Receipt, keep_notification, receipt_of, receive_notification
from erp.domain.payments.queries import (
    events_of_payment,
    find_order,
    find_order_by_external_id,
    find_payment,
    notifications_of,
    payments_of_order,
    refunds_of,
    search_notifications,
    search_orders,
    search_payments,
)
from erp.domain.payments.refunds import (
    NotRefundable,
    RefundInProgress,
    ask_refund,
    attest_refunded_total,
    begin_refund,
)
from erp.domain.payments.rules import LARGEST_NOTIFICATION, STATUSES, Attention, Verdict
from erp.domain.payments.settlements import (
    find_settlement,
    in_clearing,
    record_settlement,
    search_settlements,
    void_settlement,
)

__all__ = [
    "LARGEST_NOTIFICATION",
    "STATUSES",
    "AlreadyPaid",
    "Attention",
    "BeingOpened",
    "Edge",
    "InitStep",
    "NotRefundable",
    "OrderDiffers",
    "Receipt",
    "RefundInProgress",
    "Verdict",
    "apply_state",
    "ask_refund",
    "attest_refunded_total",
    "begin_check",
    "begin_init",
    "begin_refund",
    "chargebacks_of",
    "events_of_payment",
    "find_order",
    "find_order_by_external_id",
    "find_payment",
    "find_settlement",
    "follow_payment",
    "in_clearing",
    "keep_notification",
    "notifications_of",
    "open_payment",
    "payments_of_order",
    "place_order",
    "poll_open",
    "receipt_of",
    "receive_notification",
    "record_cancellation",
    "record_chargeback",
    "record_init",
    "record_init_failure",
    "record_settlement",
    "refunds_of",
    "reverse_chargeback",
    "search_notifications",
    "search_orders",
    "search_payments",
    "search_settlements",
    "send_refund",
    "settle_attention",
    "void_settlement",
]
