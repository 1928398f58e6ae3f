"""The shop's own terms, and what it asks for a plan."""

from datetime import datetime

from django.db import transaction

from eka.ledger import direct, models
from eka.ledger.offers import Offer
from eka.rules.documents import read_yaml
from eka.rules.prices import price_in
from eka.rules.shop import Shop, read_shop, shop_from_text, shop_to_text
from eka.rules.units import Money

ONLY = 1  # the id of the one row


def the_shop() -> Shop:
    """The shop's terms; the defaults where nobody has set any."""
    row = direct.find(models.Shop, id=ONLY)
    return Shop() if row is None else shop_from_text(row.terms)


def is_set() -> bool:
    """Whether the shop has terms of its own."""
    return models.Shop.objects.exists()


@transaction.atomic
def set_shop(text: str, now: datetime) -> Shop:
    """Takes a shop's document (YAML) as its terms. Raises BadInput."""
    shop = read_shop(read_yaml(text))
    kept = {"terms": shop_to_text(shop), "changed_at": now}
    models.Shop.objects.update_or_create(pk=ONLY, defaults=kept)
    return shop


def price_of(offer: Offer, currency: str, shop: Shop) -> Money | None:
    """What a plan costs in a currency; None: it is not sold in it."""
    own = (offer.plan.price,) if offer.plan.price else ()
    return price_in((*own, *offer.prices), currency, shop.rates)
