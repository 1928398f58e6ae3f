"""Orders: created by the seller, approved by the payer, captured by the seller."""

from typing import Literal

from eka.gateways.payments.sandbox.paypal.account import Account
from eka.gateways.payments.sandbox.paypal.news import News
from eka.gateways.payments.sandbox.paypal.till import CHECKOUT, KEPT_METHOD, Sale, Till
from eka.gateways.payments.sandbox.paypal.vault import PAYER, Vault
from eka.gateways.payments.sandbox.paypal.wire import (
    INVALID,
    Fault,
    link,
    new_id,
    not_found,
    read,
    unprocessable,
)
from eka.gateways.sandbox.records import Document

# How the money comes when the order is captured: at once, some days later, or not.
Funding = Literal["instant", "echeck", "declined"]

WAITING = ("CREATED", "PAYER_ACTION_REQUIRED")
UNIT_FIELDS = ("reference_id", "description", "custom_id", "invoice_id", "amount")


class Orders:
    """The seller's orders."""

    def __init__(self, account: Account, news: News, till: Till, vault: Vault) -> None:
        self._account, self._records = account, account.records
        self._news, self._till, self._vault = news, till, vault

    def create(self, said: Document, request_id: str) -> Document:
        """An order to be approved, or one that is paid from a kept method at once."""
        units, source = said.get("purchase_units"), said.get("payment_source")
        if said.get("intent") != "CAPTURE" or not units or len(units) != 1:
            raise Fault(INVALID, "MISSING_REQUIRED_PARAMETER")
        if source and not request_id:
            raise Fault(INVALID, "PAYPAL_REQUEST_ID_REQUIRED")
        read(units[0].get("amount"))
        order = self._new(units[0], (source or {}).get("paypal"))
        if token := order["wallet"].get("vault_id", ""):
            self._vault.charge(token)
            self._insist_on_new_invoice(order)
            self._finish(order, KEPT_METHOD)
        else:
            self._records.put("order", order["id"], order)
        if self._records.get("named", order["number"]) is None:
            self._records.put("named", order["number"], {"order": order["id"]})
        return self.shown(order["id"])

    def capture(self, id_: str) -> Document:
        """Takes the money of an approved order."""
        order = self.kept(id_)
        if order["status"] == "COMPLETED":
            raise unprocessable("ORDER_ALREADY_CAPTURED")
        if order["status"] != "APPROVED":
            raise unprocessable("ORDER_NOT_APPROVED")
        self._insist_on_new_invoice(order)
        if order["funding"] == "declined":
            self._put(order, status="PAYER_ACTION_REQUIRED", funding="instant")
            raise unprocessable("INSTRUMENT_DECLINED")
        with self._records.together():
            self._finish(order, CHECKOUT)
            if order["twice"]:
                self._pay_again(order)
        return self.shown(id_)

    def approve(self, id_: str, funding: Funding = "instant", *, twice: bool = False) -> None:
        """The payer agrees on PayPal's page. What is captured already stays as it is."""
        order = self.kept(id_)
        if order["status"] == "COMPLETED":
            if twice:
                self._pay_again(order)
            return
        self._put(order, status="APPROVED", funding=funding, twice=twice)
        self._news.tell(
            "CHECKOUT.ORDER.APPROVED", self.shown(id_), "An order has been approved by buyer"
        )

    def kept(self, id_: str) -> Document:
        """The order as the sandbox knows it. Raises Fault."""
        order = self._records.get("order", id_)
        if order is None:
            raise not_found()
        return order

    def named(self, number: str) -> Document | None:
        """The first order of a number of the seller's."""
        known = self._records.get("named", number)
        return known and self._records.get("order", known["order"])

    def shown(self, id_: str, *, minimal: bool = False) -> Document:
        """An order as PayPal shows it."""
        order = self.kept(id_)
        brief = {"id": id_, "status": order["status"], "links": self._links(order)}
        if minimal:
            return brief
        unit = {**order["unit"], "payee": self._account.payee}
        if captures := self._till.captures_of(id_):
            unit["payments"] = {"captures": captures, "refunds": self._till.refunds_of(id_)}
        return {
            **brief,
            "intent": "CAPTURE",
            "payment_source": {"paypal": self._wallet(order)},
            "purchase_units": [unit],
            "create_time": order["created"],
            "update_time": order["updated"],
        }

    def _new(self, unit: Document, wallet: Document | None) -> Document:
        context = (wallet or {}).get("experience_context", {})
        return {
            "id": new_id(),
            "number": unit.get("custom_id") or unit.get("reference_id", "default"),
            "status": "CREATED" if wallet is None else "PAYER_ACTION_REQUIRED",
            "unit": {field: unit[field] for field in UNIT_FIELDS if field in unit},
            "wallet": wallet or {},
            "back": context.get("return_url", ""),
            "cancel": context.get("cancel_url", ""),
            "funding": "instant",
            "twice": False,
            "token": "",
            "created": self._account.stamp,
            "updated": self._account.stamp,
        }

    def _insist_on_new_invoice(self, order: Document) -> None:
        """Sellers may let PayPal refuse this, and by default they do."""
        if self._till.is_paid(order["unit"].get("invoice_id", order["id"])):
            raise unprocessable("DUPLICATE_INVOICE_ID")

    def _finish(self, order: Document, code: str) -> None:
        wanted = order["wallet"].get("attributes", {}).get("vault", {})
        keeps = wanted.get("store_in_vault") == "ON_SUCCESS" and order["funding"] == "instant"
        token = self._vault.keep(order["id"]) if keeps else ""
        self._put(order, status="COMPLETED", token=token)
        self._take(order, code, "PENDING" if order["funding"] == "echeck" else "COMPLETED")

    def _take(self, order: Document, code: str, status: str) -> None:
        unit = order["unit"]
        sale = Sale(
            order=order["id"],
            amount=read(unit["amount"]),
            custom_id=unit.get("custom_id", ""),
            invoice_id=unit.get("invoice_id", order["id"]),
            code=code,
        )
        self._till.take(sale, status)

    def _pay_again(self, order: Document) -> None:
        """A second order of the same invoice is paid, as if PayPal had not been asked to refuse."""
        second = {**order, "id": new_id(), "twice": False, "token": ""}
        self._put(second, status="COMPLETED")
        self._take(second, CHECKOUT, "COMPLETED")

    def _put(self, order: Document, **changes: object) -> None:
        changed = {**order, **changes, "updated": self._account.stamp}
        self._records.put("order", order["id"], changed)

    def _wallet(self, order: Document) -> Document:
        if order["status"] in WAITING:
            return {}
        wallet: Document = {
            "email_address": PAYER["email_address"],
            "account_id": PAYER["payer_id"],
            "account_status": "VERIFIED",
        }
        if order["token"]:
            wallet["attributes"] = {"vault": self._vault.shown(order["token"])}
        return wallet

    def _links(self, order: Document) -> list[dict[str, str]]:
        here = self._account.url(f"/v2/checkout/orders/{order['id']}")
        page = self._account.url(f"/checkoutnow?token={order['id']}")
        links = [link("self", here)]
        if order["status"] in WAITING:
            links.append(link("payer-action" if order["wallet"] else "approve", page))
        if order["status"] == "APPROVED":
            links.append(link("capture", f"{here}/capture", "POST"))
        return links
