"""Where a plan's profiles come from, as catalogue files write it.

```yaml
supply:
  - {supplier: airalo, package: kallur-7days-1gb, renews: kallur-7days-1gb-topup,
     top_ups: {1GB: kallur-7days-1gb-topup}, cost_max: 3.20 USD, pool: 20, low: 5}
  - {supplier: our-smdp, package: EKA-JP-1}
```
"""

from typing import Any

from eka.rules.documents import Node, read_list
from eka.rules.supply import Source
from eka.rules.units import format_data, format_money, parse_data, parse_money

POOL_MAX = 10_000


def read_supply(node: Node) -> tuple[Source, ...]:
    """The sources of a plan, in the order in which they are tried. Raises BadInput."""
    return read_list(read_source)(node)


def read_source(node: Node) -> Source:
    """One source. Raises BadInput."""
    with node.fields() as fields:
        source = Source(
            supplier=fields.need("supplier", Node.text),
            package=fields.need("package", Node.text),
            renews=fields.take("renews", Node.text, ""),
            top_ups=fields.take("top_ups", _top_ups, {}),
            cost_max=fields.take("cost_max", lambda cost: cost.read(parse_money), None),
            pool=fields.take("pool", _count, 0),
            low=fields.take("low", _count, 0),
        )
    if source.low >= max(source.pool, 1):
        raise node.fail("`low` is to be less than `pool`: with so few left more are ordered")
    return source


def _top_ups(node: Node) -> dict[int, str]:
    read = {}
    for data, package in node.items():
        bytes_ = Node(data, package.line, package.path).read(parse_data)
        read[bytes_] = package.text()
    return read


def _count(node: Node) -> int:
    text = node.text()
    if not (text.isascii() and text.isdigit()) or int(text) > POOL_MAX:
        raise node.fail(f"{node.sort()} is not a number from 0 to {POOL_MAX}")
    return int(text)


def source_to_text(source: Source) -> dict[str, Any]:
    """The source as plain values; what is left out has its default."""
    text: dict[str, Any] = {
        "supplier": source.supplier,
        "package": source.package,
        "renews": source.renews,
        "top_ups": {format_data(data): package for data, package in source.top_ups.items()},
        "cost_max": format_money(source.cost_max) if source.cost_max else "",
        "pool": str(source.pool) if source.pool else "",
        "low": str(source.low) if source.low else "",
    }
    return {key: value for key, value in text.items() if value}
