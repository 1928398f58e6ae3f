"""What PayPal's events mean."""

import msgspec
import pytest
from tests.gateways.payments.paypal.scene import NOON, NOTIFY, TEN, Scene, refund_of

from eka.gateways.payments.sandbox.paypal.till import Sale
from eka.gateways.payments.terms import DisputeReport, Notice, NoticeUnreadable
from eka.gateways.sandbox.records import Document


def told(paypal: Scene, kind: str, resource: Document) -> Notice:
    """What the gateway makes of an event that PayPal has signed."""
    paypal.gateway.begin(paypal.ask())  # registers the webhook
    hook = next(paypal.box.records.all("webhook"))
    every = {**hook, "event_types": [{"name": "*"}]}
    paypal.box.records.put("webhook", hook["id"], every)
    paypal.box.news.tell(kind, resource)
    (notice,) = paypal.notices()
    return notice


def test_approval_and_capture_are_told_with_all_that_must_be_compared(paypal: Scene) -> None:
    paid = paypal.paid()
    approved, captured = paypal.notices()
    assert approved.kind == "CHECKOUT.ORDER.APPROVED"
    assert approved.payment is not None
    assert approved.payment.status == "approved"
    assert approved.payment.number == paid.number
    assert approved.payment.amount == TEN
    assert approved.payment.merchant == paypal.gateway.merchant
    assert captured.kind == "PAYMENT.CAPTURE.COMPLETED"
    assert captured.payment == paid
    assert approved.event != captured.event


def test_notifications_go_to_the_address_of_the_payment_which_is_registered_once(
    paypal: Scene,
) -> None:
    paypal.paid()
    paypal.new_gateway().begin(paypal.ask())
    assert {letter.url for letter in paypal.letters()} == {NOTIFY}
    assert paypal.box.records.count("webhook") == 1


def test_a_webhook_that_was_configured_is_not_asked_for(paypal: Scene) -> None:
    configured = paypal.new_gateway(webhook_id="WEBHOOK1")
    configured.begin(paypal.ask())
    assert paypal.box.records.count("webhook") == 0


def test_two_processes_that_register_at_once_share_one_webhook(paypal: Scene) -> None:
    slow, quick = paypal.new_gateway(), paypal.new_gateway()
    slow._webhooks._look()  # it has seen none
    quick.begin(paypal.ask())
    slow._webhooks._register(NOTIFY)
    assert slow._webhooks.ids == quick._webhooks.ids
    assert paypal.box.records.count("webhook") == 1


@pytest.mark.parametrize(
    ("kind", "status", "means"),
    [
        ("PAYMENT.CAPTURE.PENDING", "PENDING", "pending"),
        ("PAYMENT.CAPTURE.DECLINED", "DECLINED", "failed"),
        ("PAYMENT.CAPTURE.DENIED", "DENIED", "failed"),
        ("PAYMENT.CAPTURE.COMPLETED", "REFUNDED", "paid"),
    ],
)
def test_how_a_capture_stands(paypal: Scene, kind: str, status: str, means: str) -> None:
    amount = {"currency_code": "USD", "value": "10.00"}
    resource = {"id": "CAPTURE1", "status": status, "amount": amount, "custom_id": "EKA000001"}
    notice = told(paypal, kind, resource)
    assert notice.payment is not None
    assert notice.payment.status == means
    assert notice.payment.transaction == "CAPTURE1"
    assert notice.payment.number == "EKA000001"


def test_a_refund_of_ours_is_told_with_our_number(paypal: Scene) -> None:
    paid = paypal.paid()
    paypal.letters()
    refund = paypal.gateway.refund(refund_of(paid, 400))
    (notice,) = paypal.notices()
    assert notice.kind == "PAYMENT.CAPTURE.REFUNDED"
    assert notice.refund == refund


@pytest.mark.parametrize(
    ("kind", "status", "means"),
    [
        ("PAYMENT.REFUND.PENDING", "PENDING", "pending"),
        ("PAYMENT.REFUND.COMPLETED", "COMPLETED", "done"),
        ("PAYMENT.REFUND.FAILED", "FAILED", "failed"),
        ("PAYMENT.REFUND.FAILED", "CANCELLED", "failed"),
    ],
)
def test_how_a_refund_stands(paypal: Scene, kind: str, status: str, means: str) -> None:
    resource = {"id": "REFUND1", "status": status, "custom_id": "refund.REF000001"}
    notice = told(paypal, kind, resource)
    assert notice.refund is not None
    assert (notice.refund.status, notice.refund.number) == (means, "REF000001")


def test_a_dispute_opens_with_the_payment_the_amount_and_the_time_to_answer(
    paypal: Scene,
) -> None:
    paid = paypal.paid()
    paypal.letters()
    paypal.act(paid.number, "dispute")
    paypal.act(paid.number, "dispute")  # once is enough
    (notice,) = paypal.notices()
    assert notice.dispute == DisputeReport(
        reference="PP-D-10001",
        transaction=paid.transaction,
        status="open",
        number=paid.number,
        amount=TEN,
        reason="MERCHANDISE_OR_SERVICE_NOT_RECEIVED",
        respond_by=NOON.replace(day=30),
    )


@pytest.mark.parametrize(("outcome", "means"), [("BUYER_FAVOR", "lost"), ("SELLER_FAVOR", "won")])
def test_a_dispute_ends(paypal: Scene, outcome: str, means: str) -> None:
    paid = paypal.paid()
    paypal.act(paid.number, "dispute")
    paypal.letters()
    paypal.gateway._api.post(
        "/v1/customer/disputes/PP-D-10001/adjudicate",
        {"adjudication_outcome": outcome},
        dict,
        lambda answer: answer,
    )
    *reversal, resolved = paypal.notices()
    assert resolved.dispute is not None
    assert resolved.dispute.status == means
    if means == "lost":
        (taken_back,) = (notice.dispute for notice in reversal)
        assert taken_back is not None
        assert (taken_back.status, taken_back.transaction) == ("lost", paid.transaction)
        assert taken_back.amount == TEN
    else:
        assert reversal == []


@pytest.mark.parametrize(
    ("status", "outcome", "means"),
    [
        ("UNDER_REVIEW", "", "open"),
        ("RESOLVED", "CANCELED_BY_BUYER", "won"),
        ("RESOLVED", "RESOLVED_WITH_PAYOUT", "won"),
        ("RESOLVED", "ACCEPTED", "lost"),
        ("RESOLVED", "A_NEW_WORD_OF_PAYPALS", "open"),
    ],
)
def test_how_a_dispute_stands(paypal: Scene, status: str, outcome: str, means: str) -> None:
    resource: Document = {"dispute_id": "PP-D-1", "status": status}
    if outcome:
        resource["dispute_outcome"] = {"outcome_code": outcome}
    notice = told(paypal, "CUSTOMER.DISPUTE.UPDATED", resource)
    assert notice.dispute is not None
    assert notice.dispute.status == means


def test_news_of_another_kind_is_no_report(paypal: Scene) -> None:
    notice = told(paypal, "BILLING.SUBSCRIPTION.CREATED", {"anything": [1, 2]})
    assert notice == Notice(event=notice.event, kind="BILLING.SUBSCRIPTION.CREATED")


@pytest.mark.parametrize(
    "resource",
    [
        {"no": "id"},
        {"id": "C1", "status": "COMPLETED", "amount": {"currency_code": "USD", "value": "1.234"}},
        {
            "id": "C1",
            "status": "COMPLETED",
            "amount": {"currency_code": "USD", "value": "1.00"},
            "create_time": "yesterday",
        },
    ],
)
def test_an_authentic_event_that_is_not_understood_says_so(
    paypal: Scene, resource: Document
) -> None:
    with pytest.raises(NoticeUnreadable):
        told(paypal, "PAYMENT.CAPTURE.COMPLETED", resource)


def test_an_authentic_body_that_is_no_event_says_so(paypal: Scene) -> None:
    paypal.paid()
    hook = next(paypal.box.records.all("webhook"))
    empty = {"id": "T1", "time": paypal.box.account.stamp, "event": [], "webhook": hook["id"]}
    letter = paypal.box.envelope(empty, paypal.watch())
    headers = {name.lower(): value for name, value in letter.headers.items()}
    with pytest.raises(NoticeUnreadable):
        paypal.gateway.read_notice(headers, letter.body, paypal.watch())


def test_a_declined_capture_is_told(paypal: Scene) -> None:
    ask, asked = paypal.begin()
    sale = Sale(order=asked.reference, amount=TEN, custom_id=ask.number, invoice_id="X")
    paypal.box.till.take(sale, "DECLINED")
    (notice,) = paypal.notices()
    assert notice.kind == "PAYMENT.CAPTURE.DECLINED"
    assert notice.payment is not None
    assert notice.payment.reference == asked.reference
    assert msgspec.structs.asdict(notice.payment)["status"] == "failed"


def test_the_answer_to_a_notification(paypal: Scene) -> None:
    assert paypal.gateway.reply(True).status == 200
    assert paypal.gateway.reply(False).status == 503
