"""Receipts and statements on paper: values in, PDF and CSV out, the same bytes for the same values.

Everything that is said comes from the rules by way of `eka.words`; the pages are set by typst from
the templates beside this file, in fonts that come with the installation (docs/decisions, 19).
"""

from eka.papers.receipts import receipt_pdf
from eka.papers.sheets import statement_csv
from eka.papers.statements import statement_pdf
from eka.papers.values import (
    Bought,
    Buyer,
    Discount,
    LineName,
    Paid,
    PaidOrder,
    Receipt,
    Returned,
    Seller,
    Statement,
    WalletMove,
)

__all__ = [
    "Bought",
    "Buyer",
    "Discount",
    "LineName",
    "Paid",
    "PaidOrder",
    "Receipt",
    "Returned",
    "Seller",
    "Statement",
    "WalletMove",
    "receipt_pdf",
    "statement_csv",
    "statement_pdf",
]
