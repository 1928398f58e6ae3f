"""Profiles that nobody has: ordered ahead for a pool, or left over from an undone order."""

from datetime import datetime, timedelta

from eka.ledger import models, offers
from eka.rules.instants import format_instant
from eka.rules.profiles import UNTOUCHED
from eka.rules.supply import Source
from eka.usecases.cases import close_case, open_case

AFTER_REFUSAL = timedelta(minutes=15)


def take(source: Source) -> models.Profile | None:
    """A spare profile of this source, no longer spare; two who take at once get two."""
    free = models.Profile.objects.select_for_update(skip_locked=True).filter(
        spare=True, supplier=source.supplier, package=source.package, state__in=UNTOUCHED
    )
    profile = free.order_by("pk").first()
    if profile is not None:
        profile.spare = False
        profile.save(update_fields=["spare"])
    return profile


def give(profile: models.Profile) -> None:
    """Nobody needs the profile: the next who buys its like gets it."""
    profile.spare = True
    profile.save(update_fields=["spare"])


def tell_of_data(supply: models.Supply, now: datetime) -> None:
    """Data that was bought for a profile and is paid for by nobody: staff are told."""
    facts = {"supply": supply.number, "supplier": supply.supplier, "package": supply.package}
    open_case("unwanted_top_up", f"unwanted_top_up:{supply.number}", now, facts, supply.order_id)


class Pool:
    """How many profiles of one source there are, and are on their way."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.name = f"{source.supplier}/{source.package}"
        own = models.Supply.objects.filter(need__startswith=f"pool:{self.name}:")
        self.ever = own.count()
        self.coming = own.filter(state__in=("asked", "placed")).count()
        self.spare = models.Profile.objects.filter(
            spare=True, supplier=source.supplier, package=source.package, state__in=UNTOUCHED
        ).count()
        last = own.exclude(ended_at=None).order_by("-ended_at").first()
        self.refused_at = last.ended_at if last and last.state == "refused" else None

    def missing(self, now: datetime) -> int:
        """How many are to be ordered now; who was refused some waits before asking again."""
        if self.spare + self.coming > self.source.low:
            return 0
        if self.refused_at is not None and now < self.refused_at + AFTER_REFUSAL:
            return 0
        return self.source.pool - self.spare - self.coming


def pools() -> list[Source]:
    """The sources that keep a pool; of one that several plans have, the largest."""
    largest: dict[tuple[str, str], Source] = {}
    for kept in models.Plan.objects.filter(on_sale=True).values_list("supply", flat=True):
        for source in offers.sources(kept):
            place = (source.supplier, source.package)
            if source.pool > (largest[place].pool if place in largest else 0):
                largest[place] = source
    return list(largest.values())


def alarm(pool: Pool, now: datetime) -> None:
    """Staff are told where a pool is low and its supplier refuses; that ends when it is not."""
    about = f"low_stock:{pool.name}:"
    still = models.Case.objects.filter(key__startswith=about, closed_at=None).first()
    if pool.spare > pool.source.low:
        if still is not None:
            close_case(still.key, now, "there are enough again")
    elif pool.refused_at is not None and still is None:
        facts = {"pool": pool.name, "spare": pool.spare, "low": pool.source.low}
        open_case("low_stock", f"{about}{format_instant(now)}", now, facts)
