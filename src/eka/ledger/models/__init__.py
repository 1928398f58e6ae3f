"""Every table of Eka. What belongs to a line has `line_id` first in its primary key."""

from eka.ledger.models.books import Deferral, Journal, Posting
from eka.ledger.models.catalogue import Carrier, Plan, PlanVersion
from eka.ledger.models.entries import Entry, Receipt
from eka.ledger.models.lines import Bucket, Line, LineState, Period, Queued, Session, SessionAnswer
from eka.ledger.models.orders import Case, Message, Order, OrderEvent, OrderItem, Outbox
from eka.ledger.models.payments import (
    Dispute,
    GatewayNotice,
    MoneyIn,
    Payment,
    Reconciliation,
    Refund,
    SavedMethod,
)
from eka.ledger.models.people import DemoClock, Subscriber, User
from eka.ledger.models.profiles import (
    Device,
    DeviceMove,
    Profile,
    ProfileEvent,
    ProfileShowing,
    SupplierNotice,
    SupplierPackage,
    SupplierStand,
    Supply,
)
from eka.ledger.models.promotions import Promotion, PromotionUse, Referral
from eka.ledger.models.shop import Shop
from eka.ledger.models.usage import UsageImport, UsageRejection
from eka.ledger.models.wallets import AutoRenewal, GiftCard, PaymentPin, Wallet, WalletMovement

__all__ = [
    "AutoRenewal",
    "Bucket",
    "Carrier",
    "Case",
    "Deferral",
    "DemoClock",
    "Device",
    "DeviceMove",
    "Dispute",
    "Entry",
    "GatewayNotice",
    "GiftCard",
    "Journal",
    "Line",
    "LineState",
    "Message",
    "MoneyIn",
    "Order",
    "OrderEvent",
    "OrderItem",
    "Outbox",
    "Payment",
    "PaymentPin",
    "Period",
    "Plan",
    "PlanVersion",
    "Posting",
    "Profile",
    "ProfileEvent",
    "ProfileShowing",
    "Promotion",
    "PromotionUse",
    "Queued",
    "Receipt",
    "Reconciliation",
    "Referral",
    "Refund",
    "SavedMethod",
    "Session",
    "SessionAnswer",
    "Shop",
    "Subscriber",
    "SupplierNotice",
    "SupplierPackage",
    "SupplierStand",
    "Supply",
    "UsageImport",
    "UsageRejection",
    "User",
    "Wallet",
    "WalletMovement",
]
