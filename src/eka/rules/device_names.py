"""Names of devices as people write them: "iphone15 pro", "苹果15", "三星S24+", "小米14 512GB".

A name is folded into a key of small letters and digits; two names with one key are the same device.
"""

import re
import unicodedata
from functools import lru_cache

# What makers and their families are called in Chinese; the longer words come first.
SPOKEN = {
    "谷歌": "google",
    "苹果": "apple",
    "三星": "samsung",
    "小米": "xiaomi",
    "红米": "redmi",
    "华为": "huawei",
    "荣耀": "honor",
    "一加": "oneplus",
    "真我": "realme",
    "索尼": "sony",
    "摩托罗拉": "motorola",
    "诺基亚": "nokia",
    "夏普": "sharp",
    "联想": "lenovo",
    "微软": "microsoft",
    "华硕": "asus",
    "乐天": "rakuten",
    "富士通": "fujitsu",
    "中兴": "zte",
    "努比亚": "nubia",
    "戴尔": "dell",
    "惠普": "hp",
    "平板": "pad",
    "手表": "watch",
    "青春版": "lite",
    "至尊纪念版": "ultra",
    "至尊版": "ultra",
    "折叠屏": "",
    "手机": "",
    "电脑": "",
    "系列": "",
    "型号": "",
    "蜂窝版": "",
    "英寸": "",
    "寸": "",
}
# How people say in a name where the device was sold.
SOLD_IN = {
    "国行": "CN",
    "大陆版": "CN",
    "中国版": "CN",
    "港版": "HK",
    "港行": "HK",
    "香港版": "HK",
    "台版": "TW",
    "美版": "US",
    "日版": "JP",
    "韩版": "KR",
}
COUNTED = dict(zip("一二三四五六七八九", "123456789", strict=True))

_GENERATION = re.compile(r"(\d+)(?:st|nd|rd|th) ?gen(?:eration)?|\bgen(?:eration)? ?(\d+)")
_COUNTED = re.compile(r"第?([一二三四五六七八九]|\d+) ?代")
_EXTRA = re.compile(r"\b(?:[345]g|lte|dual sim|esim|cellular|gps)\b|\b\d{2,4} ?gb?\b|\b[12] ?tb?\b")
_INCHES = re.compile(r"[ -]inch\b|[\"″”]")
_FOLDED = re.compile(r"[\W_]+")
_NOT_LATIN = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=8192)
def strict(text: str) -> str:
    """The key of a name as it is written."""
    return _FOLDED.sub("", _spelled(text))


@lru_cache(maxsize=8192)
def loose(text: str) -> str:
    """The key without what rarely tells models apart: 5G, LTE, how much it stores, asides."""
    key = _FOLDED.sub("", _EXTRA.sub(" ", _spelled(text)))
    return _NOT_LATIN.sub("", key) or key


@lru_cache(maxsize=16384)
def keys(brand: str, model: str, aliases: tuple[str, ...], *, short: bool) -> frozenset[str]:
    """The keys that a device goes by; with `short` also those that others may share.

    "Galaxy S24" is as well "Samsung S24", and if nothing else is, "S24".
    """
    names = {model, *aliases}
    tails = {tail for name in names if (tail := _tail(name))}
    written = names | {f"{brand} {name}" for name in names | tails}
    found = {strict(name) for name in written}
    if short:
        found |= {loose(name) for name in written | tails}
    return frozenset(found - {""})


def region_in(text: str) -> str:
    """Where the device was sold, where its name says so (国行, 港版 ...); else ""."""
    return next((region for word, region in SOLD_IN.items() if word in text), "")


def _tail(name: str) -> str:
    """A name without its first word, where what is left still says which one it is."""
    tail = name.partition(" ")[2]
    return tail if any(sign.isdigit() for sign in tail) else ""


def _spelled(text: str) -> str:
    """The text in small Latin letters and digits, with its Chinese words translated."""
    text = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    for word in SOLD_IN:
        text = text.replace(word, " ")
    for word, latin in SPOKEN.items():
        text = text.replace(word, f" {latin} ")
    text = _INCHES.sub(" ", text.replace("+", " plus "))
    text = _COUNTED.sub(lambda found: f" {COUNTED.get(found[1], found[1])} ", text)
    return _GENERATION.sub(lambda found: f" {found[1] or found[2]} ", text)
