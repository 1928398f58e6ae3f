"""What this eSIM Access sells. A top-up has the slug of its package, and TOPUP_ before its code."""

from fractions import Fraction

from eka.gateways.sandbox.records import Document
from eka.gateways.suppliers.sandbox.esimaccess.terms import ListAsk

GB = 2**30
NO_TOP_UPS, TOP_UPS, BY_THE_DAY = 1, 2, 3
TOTAL, DAILY = 1, 2

NETWORKS = {
    "CA": ("Canada", ("Rogers 5G", "Telus 5G")),
    "CN": ("China mainland", ("China Unicom 5G", "China Mobile 4G")),
    "ES": ("Spain", ("Movistar 5G", "Orange 5G")),
    "GB": ("United Kingdom", ("EE 5G", "Vodafone 5G")),
    "HK": ("Hong Kong (China)", ("CMHK 5G",)),
    "JP": ("Japan", ("IIJ 4G", "SoftBank 5G")),
    "KR": ("South Korea", ("SK Telecom 5G",)),
    "MO": ("Macao (China)", ("CTM 4G",)),
    "MX": ("Mexico", ("Telcel 4G",)),
    "TH": ("Thailand", ("AIS 5G", "DTAC 5G")),
    "US": ("United States", ("AT&T 5G", "T-Mobile 5G")),
}


def _offer(code: str, slug: str, name: str, price: int, location: str, **more: int) -> Document:
    _, gigabytes, days = slug.split("_")
    return {
        "packageCode": code,
        "slug": slug,
        "name": name,
        "price": price,
        "currencyCode": "USD",
        "volume": int(Fraction(gigabytes) * GB),
        "smsStatus": 0,
        "dataType": more.get("dataType", TOTAL),
        "unusedValidTime": 180,
        "duration": int(days),
        "durationUnit": "DAY",
        "location": location,
        "description": name,
        "activeType": more.get("activeType", 2),
        "favorite": False,
        "retailPrice": price * 2,
        "speed": "3G/4G/5G",
        "locationNetworkList": [_place(country) for country in location.split(",")],
        "ipExport": "HK",
        "supportTopUpType": more.get("supportTopUpType", TOP_UPS),
    }


def _place(country: str) -> Document:
    title, networks = NETWORKS[country]
    split = (one.rsplit(" ", 1) for one in networks)
    operators = [{"operatorName": name, "networkType": kind} for name, kind in split]
    return {
        "locationName": title,
        "locationLogo": f"/img/flags/{country.lower()}.png",
        "operatorList": operators,
    }


BASE = (
    _offer("CKH179", "JP_1_7", "Japan 1GB 7Days", 7_550, "JP"),
    _offer("CKH182", "JP_10_30", "Japan 10GB 30Days", 75_000, "JP"),
    _offer("CKH003", "ES_5_30", "Spain 5GB 30Days", 59_000, "ES", activeType=1),
    _offer("CKH491", "NA-3_1_7", "North America 1GB 7Days", 18_000, "US,CA,MX"),
    _offer("JC016", "AS-7_3_15", "Asia 6 areas 3GB 15Days", 42_999, "CN,HK,MO,JP,KR,TH"),
    _offer("PGB500", "GB_0.5_1", "UK 0.5GB 1Day", 3_501, "GB", supportTopUpType=NO_TOP_UPS),
    _offer(
        "PJPDAILY",
        "JP_1_1",
        "Japan 1GB/Day",
        6_000,
        "JP",
        dataType=DAILY,
        supportTopUpType=BY_THE_DAY,
    ),
)

TOPUP = tuple(
    {**offer, "packageCode": f"TOPUP_{offer['packageCode']}"}
    for offer in BASE
    if offer["supportTopUpType"] == TOP_UPS
)


def listed(ask: ListAsk, held: str = "") -> list[Document]:
    """What is asked for; `held` is the package of the profile that `ask` names.

    Top-ups for a package are those of the same countries.
    """
    named = held or ask.packageCode or ask.slug or ""
    if ask.type == "TOPUP":
        base = found(named, BASE)
        offers = [one for one in TOPUP if not named or (base and fits(one, base))]
    else:
        offers = [one for one in BASE if named in ("", one["packageCode"], one["slug"])]
    return [one for one in offers if not ask.locationCode or _in(one, ask.locationCode)]


def found(name: str, offers: tuple[Document, ...]) -> Document | None:
    """The package of a code or slug."""
    return next((one for one in offers if name in (one["packageCode"], one["slug"])), None)


def fits(top_up: Document, base: Document) -> bool:
    """Whether a top-up can be put on a profile of the package."""
    rechargeable = base["supportTopUpType"] == TOP_UPS
    return rechargeable and bool(top_up["location"] == base["location"])


def _in(offer: Document, code: str) -> bool:
    countries = offer["location"].split(",")
    return code in countries or (code == "!RG" and len(countries) > 1)
