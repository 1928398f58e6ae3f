"""What data costs in a country that a plan covers."""

from eka.rules.coverage import Coverage
from eka.words.catalogues import N_
from eka.words.tongue import Tongue


def price(tongue: Tongue, of: Coverage) -> str:
    """The price in a few words."""
    if not of.works:
        return tongue.say(N_("Does not work here"))
    if of.rate is None:
        return tongue.say(N_("Included in the plan"))
    money, data = tongue.money(of.rate.money), tongue.data(of.rate.per)
    return tongue.say(N_("{money} per {data}"), money=money, data=data)
