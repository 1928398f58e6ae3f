"""What PayPal's documents look like, as far as Eka reads them.

Fields that are not named here are skipped, so that PayPal may add what it likes.
"""

from msgspec import Struct

from eka.gateways.payments.paypal.amounts import Amount


class Link(Struct):
    """Where a related document is."""

    rel: str = ""
    href: str = ""


class StatusDetails(Struct):
    """Why a status is not the good one."""

    reason: str = ""


class Payee(Struct):
    """Who is paid."""

    merchant_id: str = ""


class Breakdown(Struct):
    """What the seller gets of a capture."""

    paypal_fee: Amount | None = None


class RelatedIds(Struct):
    """What a capture belongs to."""

    order_id: str = ""


class Supplement(Struct):
    """What is told beside a capture."""

    related_ids: RelatedIds | None = None


class Capture(Struct):
    """Money taken (payments v2, capture)."""

    id: str
    status: str
    amount: Amount
    custom_id: str = ""
    invoice_id: str = ""
    create_time: str = ""
    status_details: StatusDetails | None = None
    seller_receivable_breakdown: Breakdown | None = None
    supplementary_data: Supplement | None = None
    payee: Payee | None = None
    links: list[Link] = []


class Refund(Struct):
    """Money given back (payments v2, refund); a reversal looks the same."""

    id: str
    status: str = ""
    amount: Amount | None = None
    custom_id: str = ""
    create_time: str = ""
    status_details: StatusDetails | None = None
    links: list[Link] = []


class Payments(Struct):
    """What happened to the money of an order."""

    captures: list[Capture] = []
    refunds: list[Refund] = []


class Unit(Struct):
    """What an order is for; Eka's orders have exactly one."""

    reference_id: str = ""
    custom_id: str = ""
    amount: Amount | None = None
    payee: Payee | None = None
    payments: Payments | None = None


class Customer(Struct):
    """PayPal's name of somebody whose method is kept."""

    id: str = ""


class Vault(Struct):
    """A method that was kept with a payment; `id` comes late where PayPal is slow."""

    id: str = ""
    customer: Customer | None = None


class WalletAttributes(Struct):
    """What is told beside a wallet."""

    vault: Vault | None = None


class Wallet(Struct):
    """The payer's PayPal account."""

    email_address: str = ""
    attributes: WalletAttributes | None = None


class Source(Struct):
    """What is paid with."""

    paypal: Wallet | None = None


class Order(Struct):
    """An order (orders v2)."""

    id: str
    status: str = ""
    purchase_units: list[Unit] = []
    payment_source: Source | None = None
    update_time: str = ""
    links: list[Link] = []


class Metadata(Struct):
    """Where a kept method came from."""

    order_id: str = ""


class VaultToken(Struct):
    """A kept method (vault v3)."""

    id: str
    customer: Customer | None = None
    payment_source: Source | None = None
    metadata: Metadata | None = None


class DisputedTransaction(Struct):
    """What is contested."""

    seller_transaction_id: str = ""
    custom: str = ""
    invoice_number: str = ""


class DisputeOutcome(Struct):
    """How a dispute ended."""

    outcome_code: str = ""


class Dispute(Struct):
    """A contested payment (disputes v1)."""

    dispute_id: str
    status: str = ""
    reason: str = ""
    dispute_amount: Amount | None = None
    dispute_outcome: DisputeOutcome | None = None
    disputed_transactions: list[DisputedTransaction] = []
    seller_response_due_date: str = ""


class Row(Struct):
    """A movement of money in the list of transactions (reporting v1)."""

    transaction_id: str
    transaction_event_code: str
    transaction_initiation_date: str
    transaction_amount: Amount
    transaction_status: str = "S"
    fee_amount: Amount | None = None
    invoice_id: str = ""
    custom_field: str = ""


class Detail(Struct):
    """One entry of that list."""

    transaction_info: Row


class Page(Struct):
    """A page of that list."""

    transaction_details: list[Detail] = []
    total_pages: int = 1


class Webhook(Struct):
    """An address that PayPal sends notifications to."""

    id: str
    url: str


class WebhookList(Struct):
    """All of the app's."""

    webhooks: list[Webhook] = []
