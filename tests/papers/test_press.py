"""What people write stays text, and a paper is the same bytes on every machine."""

from io import BytesIO

import pytest
from msgspec.structs import replace
from pypdf import PdfReader
from tests.papers.reading import fonts, pages, says, seen
from tests.papers.samples import PAID_AT, RECEIPT, SHOP, STATEMENT

from eka.papers import Buyer, Receipt, receipt_pdf, statement_pdf
from eka.papers.press import BREAK, printable

MARKUP = (
    "#panic()",
    "#{ panic() }",
    '"); panic("',
    "\\",
    "$x^2$",
    "= Heading *bold* _soft_ `raw` <label> @reference",
    "//comment /* and more */",
    '#include "page.typ" #read("page.typ") #sys.inputs',
    "{{ 7 * 7 }} {% now %} %s %(total)s {page}",
    "https://evil.example/?a=1&b=<script>",
    "全角，标点：“引号”——（括号）……《书名》",
    "Nguyễn Łukasz Őze Ğürsoy Ñandú Ærø",
    "Ιωάννης Анна 한글 かな カナ 臺灣 喆堃镕祎 𠮷",
)
WITHOUT_WORDS = (
    "😀👩‍👩‍👧🇺🇸❤️",
    "מרים שלום",
    "مرحبا محمد",
    "สมชาย अनिल",
    "𐎠𐎡𐎢 \ue000 \U0010ffff",
    "a\u202egnp.exe\u2066\u200b\ufeff",
    "\x00\x07\x1b[31m\r\n\t",
    "\ud800 alone",
    "e" + "\u0301" * 300,
    "",
)


def named(name: str) -> Receipt:
    """Alice's receipt, with this text wherever somebody can write one."""
    item = replace(
        RECEIPT.items[0],
        title={"en": name, "zh-Hans": name},
        line=replace(RECEIPT.items[0].line, label=name),  # type: ignore[type-var]
    )
    return replace(
        RECEIPT,
        seller=replace(SHOP, name={"en": name or "x"}, about=name),
        buyer=Buyer(name=name, email=name),
        items=(item,),
        discounts=(replace(RECEIPT.discounts[0], title={"en": name}),),
        paid=(replace(RECEIPT.paid[0], shown=name, transaction=name, gateway=name),),
    )


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("name", MARKUP)
def test_no_name_becomes_markup(name: str, language: str) -> None:
    paper = receipt_pdf(named(name), language)
    assert seen("".join(pages(paper))).count(seen(name)) >= 6
    owner = replace(STATEMENT, owner=name, titles={"att-5gb": {"en": name}})
    assert says(statement_pdf(owner, language), name)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("name", WITHOUT_WORDS)
def test_no_name_spoils_a_paper(name: str, language: str) -> None:
    paper = receipt_pdf(named(name), language)
    assert says(paper, RECEIPT.number, "$70.00", "$8.00")
    assert all(held for _, held in fonts(paper))


@pytest.mark.parametrize("letter", ["W", "爱", "w ", "🙂"])
def test_a_name_of_300_letters_stays_on_the_page(letter: str) -> None:
    paper = receipt_pdf(named(letter * 300), "en")
    assert len(pages(paper)) <= 4
    for page in PdfReader(BytesIO(paper)).pages:
        edges: list[float] = []
        page.extract_text(
            visitor_text=lambda text, _, matrix, *rest, at=edges: at.append(matrix[4])
        )
        assert max(edges) < page.mediabox.width - 60


def test_long_words_get_places_to_break_and_short_ones_none() -> None:
    assert printable("Alice") == "Alice"
    assert printable("alice.in.wonderland@example.com") == "alice.in.wonderland@example.com"
    broken = printable("W" * 100)
    assert max(map(len, broken.split(BREAK))) == 12
    assert broken.replace(BREAK, "") == "W" * 100


def test_what_nobody_can_see_is_left_out_and_what_cannot_be_shown_is_marked() -> None:
    assert printable("a\u202egnp\u2066.\u200bexe") == "agnp.exe"
    assert printable("a\x07b\ud800c") == "a\ufffdb\ufffdc"
    assert printable(" a\r\n\tb ") == "a b"
    assert printable("👩‍👩‍👧") == "👩‍👩‍👧"
    assert printable("e" + "\u0301" * 300 + "a\u0308") == "e" + "\u0301" * 4 + "a\u0308"


def test_the_same_paper_is_the_same_bytes() -> None:
    for language in ("en", "zh-hans"):
        assert receipt_pdf(RECEIPT, language) == receipt_pdf(RECEIPT, language)
        assert statement_pdf(STATEMENT, language) == statement_pdf(STATEMENT, language)
    assert receipt_pdf(RECEIPT, "en") != receipt_pdf(RECEIPT, "zh-hans")


def test_a_paper_knows_no_other_time_than_its_own() -> None:
    meta = PdfReader(BytesIO(receipt_pdf(RECEIPT, "en"))).metadata
    assert meta is not None
    assert (meta.creation_date, meta.title, meta.author) == (PAID_AT, "Receipt", "Harbour Mobile")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_font_is_noto_and_in_the_file(language: str) -> None:
    for paper in (receipt_pdf(RECEIPT, language), statement_pdf(STATEMENT, language)):
        used = dict(fonts(paper))
        assert len(used) >= 2
        assert all(used.values())
        assert all("Noto" in name for name in used)


def test_a_paper_is_small_enough_to_send() -> None:
    assert len(statement_pdf(STATEMENT, "zh-hans")) < 250_000


def test_screen_readers_know_its_language() -> None:
    root = PdfReader(BytesIO(receipt_pdf(RECEIPT, "zh-hans"))).root_object
    assert "/StructTreeRoot" in root
    assert str(root["/Lang"]) == "zh-CN"
