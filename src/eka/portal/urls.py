"""The addresses of the subscriber's pages."""

from django.urls import path
from django.views.i18n import set_language

from eka.portal.views import demo, history, lines, plan, plans, sign_in, style

app_name = "portal"

urlpatterns = [
    path("", plans.plans, name="plans"),
    path("plans/", plans.plans),
    path("plans/<str:name>/", plan.plan, name="plan"),
    path("lines/", lines.lines, name="lines"),
    path("lines/<int:line_id>/", lines.line, name="line"),
    path("lines/<int:line_id>/history/", history.history, name="history"),
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("language/", set_language, name="language"),
    path("demo/clock/", demo.move_clock, name="demo-clock"),
    path("demo/sign-in/", demo.sign_in_as, name="demo-sign-in"),
    path("style/", style.style, name="style"),
]
