"""A QR code as a picture within the page, with words for who cannot see or scan it."""

import segno
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

QUIET = 4  # modules of white around it, as ISO/IEC 18004 asks
PAPER = "#fff"  # also in the dark: cameras look for dark on light


def qr_code(text: str, label: str) -> SafeString:
    """The code of `text`; `label` is what is read aloud instead."""
    drawn = segno.make(text, error="m").svg_inline(omitsize=True, border=QUIET, light=PAPER)
    # segno writes numbers only: the text is nowhere in its drawing.
    return format_html(
        '<div class="qr" role="img" aria-label="{}">{}</div>', label, mark_safe(drawn)
    )
