"""The demo's strip, on every page of the demo and on none of a shop."""

from typing import Any

from django import template
from django.template.context import Context

from eka import clock
from eka.usecases import demo

register = template.Library()


@register.inclusion_tag("portal/parts/demo.html", takes_context=True)
def demo_strip(context: Context) -> dict[str, Any]:
    """What time it is, the steps that the clock can take, and whom one can be."""
    if not demo.is_demo():
        return {"is_demo": False}
    return {
        "is_demo": True,
        "request": context["request"],
        "csrf_token": context.get("csrf_token"),
        "user": context["request"].user,
        "now": clock.now(),
        "cast": demo.cast(),
    }
