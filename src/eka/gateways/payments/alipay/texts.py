"""How Alipay writes money (yuan, in text) and time (Beijing's wall clock), and what it takes."""

import re
from datetime import UTC, date, datetime

from eka.rules.instants import DAY, midnight, zone
from eka.rules.units import BadValue, Money

CURRENCY = "CNY"
BEIJING = "Asia/Shanghai"
FEN_MAX = 10_000_000_000  # 100 million yuan, the most that one payment may be
TITLE_MAX = 128

_YUAN = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,2}))?")
_CLOCK = "%Y-%m-%d %H:%M:%S"

# A title must not have these, says Alipay. The first three would also let a signed text be read in
# two ways (`notices`), and a comma would shift the columns of a bill.
_FULL_WIDTH = str.maketrans("/=&,", "／＝＆，")


def format_yuan(fen: int) -> str:
    """`19.99` of 1999 fen: always two decimals. Raises BadValue outside of what can be paid."""
    if not 0 < fen <= FEN_MAX:
        raise BadValue(f"{fen} fen is not an amount that Alipay moves")
    return f"{fen // 100:d}.{fen % 100:02d}"


def parse_yuan(text: str) -> Money:
    """Money of `19.99`, `20` or, in a bill, `-0.50`. Raises BadValue."""
    match = _YUAN.fullmatch(text)
    if not match:
        raise BadValue("that is not an amount in yuan")
    sign, yuan, decimals = match[1], match[2], match[3] or ""
    fen = int(yuan + decimals.ljust(2, "0"))
    return Money(-fen if sign else fen, CURRENCY)


def format_beijing(instant: datetime) -> str:
    """`2026-01-31 08:00:00`: rounded down to the second, so that a deadline is never later."""
    return instant.astimezone(zone(BEIJING)).strftime(_CLOCK)


def parse_beijing(text: str) -> datetime:
    """The instant, in UTC, of a reading of Beijing's clock. Raises BadValue."""
    try:
        local = datetime.strptime(text, _CLOCK).replace(tzinfo=zone(BEIJING))
        return local.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadValue("that is not a time of Alipay's") from error


def end_of_day(day: date) -> datetime:
    """When a day of Beijing, and with it Alipay's bill of that day, is over."""
    return midnight(day + DAY, BEIJING)


def title(text: str) -> str:
    """A title that Alipay takes: on one line, and without what it forbids."""
    return " ".join(text.translate(_FULL_WIDTH).split())[:TITLE_MAX]
