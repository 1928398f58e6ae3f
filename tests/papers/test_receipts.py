"""A receipt says what was bought, how it was paid, and what went back."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from tests.papers.reading import pages, says, seen
from tests.papers.samples import PAID_AT, RECEIPT

from eka.papers import Bought, Paid, WalletMove, receipt_pdf
from eka.papers.receipts import contents
from eka.words import Words

ENGLISH = Words("en")
BARE = replace(RECEIPT, discounts=(), discount=0, subtotal=7000, returned=(), wallet=())


def test_alice_reads_what_she_bought_and_from_whom() -> None:
    paper = receipt_pdf(RECEIPT, "en")
    assert says(paper, "Harbour Mobile", "EIN 12-3456789", "EK26030200417", "Alice Zhang 张爱丽")
    assert says(paper, "AT&T Prepaid 5 GB", "Renewal · 5 GB · 1 month · 2 periods")
    assert says(paper, "2 March 2026 – 2 April 2026 · for Alice's phone +14155550101")
    assert says(paper, "1 GB of bonus data free · 1 period free", "2 GB of extra data")


def test_every_promotion_stands_between_the_subtotal_and_the_total() -> None:
    sums = "Subtotal $78.00 Spring sale −$7.00 WELCOME10 −$1.00 Total $70.00"
    assert says(receipt_pdf(RECEIPT, "en"), sums)


def test_a_discount_of_no_known_promotion_is_still_a_discount() -> None:
    rows = contents(replace(RECEIPT, discounts=RECEIPT.discounts[1:]), ENGLISH)["sums"]
    assert rows[-1] == {"label": "Discount", "text": "−$7.00"}


def test_how_it_was_paid_is_told_and_what_went_back() -> None:
    paper = receipt_pdf(RECEIPT, "en")
    assert says(paper, "Card · Visa ···· 4242", "****7Qx2Ab", "Paid and delivered")
    assert says(paper, "RF26030300009 −$8.00", "Paid after refunds $62.00")
    assert says(paper, "Refunded +$8.00 $13.00")


def test_money_on_its_way_back_and_money_too_much_say_so() -> None:
    again = Paid(at=PAID_AT, gateway="wechat", amount=7000, surplus=True)
    back = replace(RECEIPT.returned[0], gateway="wechat", amount=7000, done=False)
    paper = receipt_pdf(replace(RECEIPT, paid=(*RECEIPT.paid, again), returned=(back,)), "en")
    assert says(paper, "WeChat Pay · more than was due", "WeChat Pay · on its way")
    assert says(paper, "Paid after refunds $70.00")


def test_a_charge_of_the_wallet_needs_no_plan() -> None:
    charge = replace(
        BARE,
        items=(Bought(kind="wallet", price=7000),),
        wallet=(WalletMove(at=PAID_AT, kind="charge", amount=7000, balance=7000),),
    )
    assert says(receipt_pdf(charge, "en"), "Wallet charge $70.00", "Charged +$70.00 $70.00")


def test_what_was_free_has_a_receipt_too() -> None:
    free = replace(RECEIPT, discount=7800, total=0, paid=(), returned=(), wallet=())
    paper = receipt_pdf(free, "en")
    assert says(paper, "Discount", "Total $0.00")
    assert "Payment" not in "".join(pages(paper))


def test_a_plain_receipt_has_no_empty_parts() -> None:
    text = "".join(pages(receipt_pdf(BARE, "en")))
    for part in ("Subtotal", "Refunds", "Wallet", "Paid after refunds"):
        assert part not in text


def test_the_same_in_chinese() -> None:
    paper = receipt_pdf(RECEIPT, "zh-hans")
    assert says(paper, "收据", "海港流量", "AT&T 预付 5 GB", "续订，5 GB，1 个月，2 期")
    assert says(paper, "2026 年 3 月 2 日至 2026 年 4 月 2 日，用于 Alice's phone +14155550101")
    assert says(paper, "小计 US$78.00 春季优惠 −US$7.00", "合计 US$70.00", "退款后实付 US$62.00")
    assert says(paper, "2 GB 加油包", "加油包，有效期 30 天", "银行卡", "已付款并开通", "1 / 1")


@pytest.mark.parametrize(("currency", "total"), [("JPY", "¥7,000"), ("CNY", "CN¥70.00")])
def test_each_currency_has_its_own_decimals(currency: str, total: str) -> None:
    assert says(receipt_pdf(replace(BARE, currency=currency), "en"), f"Total {total}")


def test_times_are_the_shops() -> None:
    there = replace(BARE, timezone="Asia/Shanghai", at=PAID_AT + timedelta(hours=1))
    assert says(receipt_pdf(there, "en"), "3 March 2026, 00:04", "those of Asia/Shanghai")


def test_many_items_go_on_over_pages_with_their_heads() -> None:
    long = replace(BARE, items=RECEIPT.items * 40)
    told = pages(receipt_pdf(long, "en"))
    assert len(told) > 1
    for number, page in enumerate(told, 1):
        assert f"{number}/{len(told)}" in seen(page)
    assert all("Price" in page for page in told[:-1])
