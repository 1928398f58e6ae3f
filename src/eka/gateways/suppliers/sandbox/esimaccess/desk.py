"""Orders, top-ups and what is done to a profile, with the account's money."""

from collections.abc import Callable
from datetime import datetime, timedelta

from eka.gateways.sandbox.records import Document, Records
from eka.gateways.suppliers.sandbox.counter import PERCENT, Trouble
from eka.gateways.suppliers.sandbox.esimaccess.catalogue import (
    BASE,
    TOPUP,
    TOTAL,
    fits,
    found,
)
from eka.gateways.suppliers.sandbox.esimaccess.life import Life, Tell
from eka.gateways.suppliers.sandbox.esimaccess.terms import (
    NUMBER_MAX,
    OrderAsk,
    QueryAsk,
    Refusal,
    TopUpAsk,
    WhichAsk,
    written,
)
from eka.rules.instants import format_instant, parse_instant
from eka.rules.units import BadValue

BALANCE = 1_000_000  # 100 USD
TOPPABLE = ("GOT_RESOURCE", "IN_USE", "USED_UP")


class Desk:
    """What a reseller asks for. `refuses_repeats`: see `EsimAccessSandbox`."""

    def __init__(
        self, records: Records, now: Callable[[], datetime], life: Life, tell: Tell
    ) -> None:
        self._records, self._now, self._life, self._tell = records, now, life, tell
        self.refuses_repeats = False
        self.trouble = Trouble()

    @property
    def balance(self) -> int:
        """The account's money, x 10,000."""
        return int((self._records.get("account", "balance") or {"held": BALANCE})["held"])

    @balance.setter
    def balance(self, held: int) -> None:
        self._records.put("account", "balance", {"held": held})

    def order(self, ask: OrderAsk) -> Document:
        """Takes an order; its profiles are allocated when `settle` finds it due."""
        _check_number(ask.transactionId)
        lines = [[line.packageCode, line.count] for line in ask.packageInfoList]
        first = self._records.get("taken", ask.transactionId)
        if first is not None:
            self._check_repeat(first, {"lines": lines})
            return _answer(first)
        paid = self._sell(ask)
        due = self._now() + timedelta(seconds=self.trouble.pending_s)
        order: Document = {
            "orderNo": f"B{self._now():%y%m%d%H%M}{self._records.number('order'):04d}",
            "transactionId": ask.transactionId,
            "lines": lines,
            "paid": paid,
            "due": format_instant(due),
            "allocated": False,
        }
        self._records.put("order", order["orderNo"], order)
        self._records.put("taken", ask.transactionId, order)
        return _answer(order)

    def settle(self) -> None:
        """Allocates what is due, and tells of it."""
        for order in self._records.all("order"):
            if order["allocated"] or parse_instant(order["due"]) > self._now():
                continue
            for code, count in order["lines"]:
                for _ in range(count):
                    self._life.born(order, _sold(code))
            self._records.put("order", order["orderNo"], {**order, "allocated": True})
            self._tell("ORDER_STATUS", {**_answer(order), "orderStatus": "GOT_RESOURCE"})

    @property
    def is_waiting(self) -> bool:
        """Whether an order's profiles are still to be allocated."""
        return any(not order["allocated"] for order in self._records.all("order"))

    def query(self, ask: QueryAsk) -> Document:
        """A page of the profiles that are asked for."""
        profiles = self._wanted(ask)
        first = (ask.pager.pageNum - 1) * ask.pager.pageSize
        page = profiles[first : first + ask.pager.pageSize]
        pager = {"pageSize": ask.pager.pageSize, "pageNum": ask.pager.pageNum}
        return {
            "esimList": [told(profile) for profile in page],
            "pager": {**pager, "total": len(profiles)},
        }

    def top_up(self, ask: TopUpAsk) -> Document:
        """More data on a profile, at once."""
        _check_number(ask.transactionId)
        profile = self.which(ask)
        wanted = {"iccid": profile["iccid"], "packageCode": ask.packageCode}
        first = self._records.get("taken", ask.transactionId)
        if first is not None:
            self._check_repeat(first, wanted)
            return dict(first["answer"])
        offer, base = found(ask.packageCode, TOPUP), found(profile["package"], BASE)
        if offer is None or base is None or not fits(offer, base):
            raise Refusal("310241")
        if profile["esimStatus"] not in TOPPABLE:
            raise Refusal("200002")
        cost = self._price(offer)
        if ask.amount is not None and str(ask.amount) != str(cost):
            raise Refusal("200006")
        self._pay(cost)
        grown = told(self._life.topped_up(profile, offer, ask.transactionId))
        names = ("iccid", "expiredTime", "totalVolume", "totalDuration", "orderUsage")
        answer = {
            "transactionId": ask.transactionId,
            **{name: grown[name] for name in names},
            "topUpEsimTranNo": grown["packageList"][-1]["esimTranNo"],
        }
        taken = {**wanted, "transactionId": ask.transactionId, "answer": answer}
        self._records.put("taken", ask.transactionId, taken)
        return answer

    def cancel(self, ask: WhichAsk) -> Document:
        """Gives an untouched profile back, and its price."""
        profile = self.which(ask)
        if (profile["esimStatus"], profile["smdpStatus"]) != ("GOT_RESOURCE", "RELEASED"):
            raise Refusal("200002")
        self.balance += profile["price"]
        self._life.turned(profile, "CANCEL")
        return {}

    def suspend(self, ask: WhichAsk) -> Document:
        """Stops its data."""
        profile = self.which(ask)
        if profile["esimStatus"] not in TOPPABLE:
            raise Refusal("200002")
        self._life.turned(profile, "SUSPENDED")
        return {}

    def unsuspend(self, ask: WhichAsk) -> Document:
        """Lets its data flow again."""
        profile = self.which(ask)
        if profile["esimStatus"] != "SUSPENDED":
            raise Refusal("200002")
        self._life.turned(profile, profile["before"])
        return {}

    def revoke(self, ask: WhichAsk) -> Document:
        """Ends it for good; nothing is paid back."""
        profile = self.which(ask)
        if profile["esimStatus"] in ("CANCEL", "REVOKE"):
            raise Refusal("200002")
        self._life.turned(profile, "REVOKE", told="REVOKED")
        return {}

    def which(self, ask: WhichAsk | QueryAsk) -> Document:
        """The profile that is named. Raises Refusal."""
        name = ask.esimTranNo or ask.iccid
        if not name:
            raise Refusal("000105")
        profile = None if self.trouble.recycled else self._life.find(name)
        if profile is None:
            raise Refusal("310403")
        return profile

    def _wanted(self, ask: QueryAsk) -> list[Document]:
        if ask.orderNo:
            order = self._records.get("order", ask.orderNo)
            if order is None:
                raise Refusal("310272")
            if not order["allocated"]:
                raise Refusal("200010")
            return [one for one in self._life.all() if one["orderNo"] == ask.orderNo]
        if ask.esimTranNo or ask.iccid:
            return [self.which(ask)]
        try:
            start, end = (parse_instant(text or "") for text in (ask.startTime, ask.endTime))
        except BadValue as error:
            raise Refusal("000105") from error
        return [one for one in self._life.all() if start <= parse_instant(one["created"]) <= end]

    def _check_repeat(self, first: Document, wanted: Document) -> None:
        same = all(first.get(name) == value for name, value in wanted.items())
        if self.refuses_repeats or not same:
            raise Refusal("310402")

    def _sell(self, ask: OrderAsk) -> dict[str, int]:
        """Takes the money; what one of each package cost."""
        paid: dict[str, int] = {}
        total = count = 0
        for line in ask.packageInfoList:
            offer = _sold(line.packageCode)
            price = self._price(offer)
            if line.price not in (None, price):
                raise Refusal("200005")
            paid[offer["packageCode"]] = price
            total, count = total + price * line.count, count + line.count
        if ask.amount not in (None, total):
            raise Refusal("200006")
        if self.trouble.stock is not None and self.trouble.stock < count:
            raise Refusal("200011")
        self._pay(total)
        if self.trouble.stock is not None:
            self.trouble.stock -= count
        return paid

    def _price(self, offer: Document) -> int:
        return int(offer["price"]) * self.trouble.price_percent // PERCENT

    def _pay(self, amount: int) -> None:
        if self.balance < amount:
            raise Refusal("200007")
        self.balance -= amount


def told(profile: Document) -> Document:
    """A profile as an answer has it."""
    alike = (
        *("esimTranNo", "orderNo", "transactionId", "imsi", "iccid", "msisdn", "ac", "eid"),
        *("smdpStatus", "esimStatus", "activeType", "totalVolume", "totalDuration", "orderUsage"),
    )
    activated, picture = profile["activated"], f"https://qr.invalid/{profile['picture']}"
    return {
        **{name: profile[name] for name in alike},
        "smsStatus": 0,
        "dataType": TOTAL,
        "qrCodeUrl": f"{picture}.png",
        "shortUrl": picture,
        "activateTime": written(parse_instant(activated)) if activated else None,
        "expiredTime": written(parse_instant(profile["expires"])),
        "durationUnit": "DAY",
        "pin": "",
        "puk": "",
        "apn": "drei.at",
        "packageList": [
            {**one, "createTime": written(parse_instant(one["createTime"]))}
            for one in profile["bought"]
        ],
    }


def _sold(name: str) -> Document:
    offer = found(name, BASE)
    if offer is None:
        raise Refusal("310241")
    if offer["dataType"] != TOTAL:
        raise Refusal("200008")
    return offer


def _answer(order: Document) -> Document:
    return {name: order[name] for name in ("orderNo", "transactionId")}


def _check_number(number: str) -> None:
    if not 0 < len(number) <= NUMBER_MAX:
        raise Refusal("000107")
