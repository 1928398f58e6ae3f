"""The demo's cast: who they are, what they bought, and what they did, day by day.

Each story shows another rule of policy.md. Days count from the activation of the line; a pattern
is the megabytes used a day, repeated for as long as the line has lived.
"""

from msgspec import Struct

from eka.rules.lifecycle import Leftover
from eka.rules.requests import Change, TopUp, Use
from eka.rules.units import Duration

MB = 10**6
GB = 10**9
DAYS = 86400


class BuyPlan(Struct, frozen=True):
    """Renew on this plan (the line's own where none is named), or queue it as an add-on."""

    plan: str | None = None
    addon: bool = False


Act = BuyPlan | TopUp | Use | Change


class Role(Struct, frozen=True, kw_only=True):
    """One member of the cast with one line; `days` is how long ago it was activated."""

    username: str
    name: str
    story: dict[str, str]
    plan: str
    label: str
    timezone: str
    days: int
    pattern: tuple[int, ...]
    auto_renew: bool = False
    acts: tuple[tuple[int, Act], ...] = ()
    brings: tuple[Leftover, ...] = ()


CAST: tuple[Role, ...] = (
    Role(
        username="alice",
        name="Alice",
        story={
            "en": "Unused plan data lives for one more period; what is left after that is lost.",
            "zh-hans": "没用完的套餐流量可以多用一期，再用不完就作废。",
        },
        plan="att-prepaid-5gb",
        label="iPhone, New York",
        timezone="America/New_York",
        days=79,
        pattern=(90, 140, 60, 210, 120, 80, 170, 45, 130, 95),
        auto_renew=True,
    ),
    Role(
        username="bowen",
        name="王博文",
        story={
            "en": "Rolled data is used first; a gift expires on its own day and never carries.",
            "zh-hans": "先用上月结转的流量；赠送的流量到期作废，不结转。",
        },
        plan="china-mobile-monthly-4gb",
        label="小米 · 上海",
        timezone="Asia/Shanghai",
        days=68,
        pattern=(40, 120, 85, 60, 150, 30, 95),
        auto_renew=True,
        acts=((52, TopUp(1 * GB, Duration(seconds=25 * DAYS), "bonus")),),
    ),
    Role(
        username="tessa",
        name="Tessa",
        story={
            "en": "A bank of up to 200 GB that follows every recharge; what exceeds it is lost.",
            "zh-hans": "结转流量最多存 200 GB，随充值顺延，超出部分作废。",
        },
        plan="telstra-prepaid-28d",
        label="Pixel, Sydney",
        timezone="Australia/Sydney",
        days=47,
        pattern=(310, 220, 450, 180, 260),
        auto_renew=True,
        brings=(Leftover(kind="rollover", data=185 * GB, generation=7),),
        acts=((40, TopUp(5 * GB, Duration(seconds=14 * DAYS))),),
    ),
    Role(
        username="victor",
        name="Victor",
        story={
            "en": "He renewed by hand before the end, and the operator's rule took everything.",
            "zh-hans": "他提前手动续订，按运营商规则，剩余流量全部作废。",
        },
        plan="vodafone-uk-big-value-10",
        label="Galaxy, London",
        timezone="Europe/London",
        days=52,
        pattern=(150, 95, 210, 70, 130, 160),
        acts=((26, BuyPlan()),),
    ),
    Role(
        username="tom",
        name="Tom",
        story={
            "en": "His data carries only if he renews by hand, at least a day before the end.",
            "zh-hans": "必须在到期前至少一天手动续订，剩余流量才会结转。",
        },
        plan="tello-metered-5gb",
        label="Motorola, Chicago",
        timezone="America/Chicago",
        days=55,
        pattern=(60, 110, 45, 130, 85, 70),
        acts=((28, BuyPlan()),),
    ),
    Role(
        username="stella",
        name="Stella",
        story={
            "en": "Each rest lives for twelve months, at most 20 GB together.",
            "zh-hans": "每期剩余流量可存一年，累计最多 20 GB。",
        },
        plan="t-mobile-data-stash-3gb",
        label="iPad, Seattle",
        timezone="America/Los_Angeles",
        days=65,
        pattern=(35, 80, 20, 65, 50),
        auto_renew=True,
        brings=(Leftover(kind="rollover", data=18 * GB),),
    ),
    Role(
        username="hana",
        name="花子 Hana",
        story={
            "en": "Unlimited: after 3 GB a day it goes on at 1 Mbps until local midnight.",
            "zh-hans": "不限量：每天用满 3 GB 后降到 1 Mbps，当地零点恢复。",
        },
        plan="airalo-japan-unlimited-7d",
        label="Tokyo trip",
        timezone="Asia/Tokyo",
        days=3,
        pattern=(2100, 3400, 2600, 3300),
    ),
    Role(
        username="nadia",
        name="Nadia",
        story={
            "en": "A second package waits and starts by itself when the first is used up.",
            "zh-hans": "第二个套餐已排队，用完第一个就自动开始。",
        },
        plan="nomad-3gb-30d",
        label="Europe trip",
        timezone="Europe/Berlin",
        days=12,
        pattern=(180, 260, 140, 220),
        acts=((5, BuyPlan("nomad-3gb-30d", addon=True)),),
    ),
    Role(
        username="kofi",
        name="Kofi",
        story={
            "en": "His period is over; a renewal within the grace still saves his top-up.",
            "zh-hans": "套餐已到期；在宽限期内续订，加油包还能保留。",
        },
        plan="koodo-prepaid-30d",
        label="Phone, Toronto",
        timezone="America/Toronto",
        days=41,
        pattern=(130, 60, 95, 110),
        acts=((20, TopUp(3 * GB)),),
    ),
    Role(
        username="sam",
        name="Sam",
        story={
            "en": "What he does not use comes back as money at every renewal.",
            "zh-hans": "每次续订时，没用完的流量折算成余额返还。",
        },
        plan="smarty-medium-4gb",
        label="Phone, Leeds",
        timezone="Europe/London",
        days=70,
        pattern=(45, 90, 30, 75, 60),
        auto_renew=True,
    ),
)
