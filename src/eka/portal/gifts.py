"""What a gift card gave, in words."""

from django.utils.translation import gettext as _

from eka.portal.speech import words
from eka.rules.gift_codes import GiftData, GiftMoney
from eka.usecases.gift_cards import Redeemed


def gift_told(given: Redeemed) -> str:
    """A sentence for who redeemed it, the first time or again."""
    if given.repeated:
        return _("You have redeemed this card before; it counts once.")
    match given.gift:
        case GiftMoney(money):
            return _("%(amount)s is in your wallet now.") % {"amount": words().money(money)}
        case GiftData(data):
            return _("%(data)s was added to your line.") % {"data": words().data(data)}
    return _("Your line has been renewed.")
