"""The addresses of the subscriber's pages."""

from django.urls import path
from django.views.i18n import set_language

from eka.portal.views import (
    abroad,
    auto_renewal,
    buying,
    demo,
    device_check,
    device_move,
    history,
    install,
    lines,
    order,
    orders,
    papers,
    paying,
    plan,
    plans,
    refund,
    renewing,
    sign_in,
    style,
    wallet,
)

app_name = "portal"

LINE, ORDER = "lines/<int:line_id>/", "orders/<str:number>/"

urlpatterns = [
    path("", plans.plans, name="plans"),
    path("plans/", plans.plans),
    path("plans/<str:name>/", plan.plan, name="plan"),
    path("device-check/", device_check.device_check, name="device-check"),
    path("currency/", buying.set_currency, name="currency"),
    path("buy/<str:name>/", buying.buy, name="buy"),
    path("lines/", lines.lines, name="lines"),
    path(LINE, lines.line, name="line"),
    path(f"{LINE}history/", history.history, name="history"),
    path(f"{LINE}abroad/", abroad.abroad, name="abroad"),
    path(f"{LINE}renew/", renewing.renew, name="renew"),
    path(f"{LINE}install/", install.install, name="install"),
    path(f"{LINE}device/", device_move.device_move, name="device-move"),
    path(f"{LINE}auto-renewal/", auto_renewal.auto_renewal, name="auto-renewal"),
    path(f"{LINE}auto-renewal/agree/", auto_renewal.agree, name="auto-renewal-agree"),
    path(f"{LINE}auto-renewal/stop/", auto_renewal.stop, name="auto-renewal-stop"),
    path(f"{LINE}auto-renewal/forget/", auto_renewal.forget, name="auto-renewal-forget"),
    path(f"{LINE}statement.pdf", papers.statement, name="statement"),
    path(f"{LINE}statement.csv", papers.statement_sheet, name="statement-sheet"),
    path("orders/", orders.orders, name="orders"),
    path(ORDER, order.order, name="order"),
    path(f"{ORDER}pay/", paying.pay, name="pay"),
    path(f"{ORDER}wallet/", paying.pay_from_wallet, name="pay-from-wallet"),
    path(f"{ORDER}take/", paying.take, name="take"),
    path(f"{ORDER}again/", paying.again, name="order-again"),
    path(f"{ORDER}cancel/", paying.cancel, name="cancel"),
    path(f"{ORDER}refund/", refund.refund, name="refund"),
    path(f"{ORDER}receipt.pdf", papers.receipt, name="receipt"),
    path("wallet/", wallet.wallet, name="wallet"),
    path("wallet/charge/", wallet.charge, name="wallet-charge"),
    path("wallet/pin/", wallet.set_pin, name="wallet-pin"),
    path("wallet/gift-card/", wallet.redeem, name="wallet-gift-card"),
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("it-is-me/", install.prove, name="prove"),
    path("language/", set_language, name="language"),
    path("demo/clock/", demo.move_clock, name="demo-clock"),
    path("demo/sign-in/", demo.sign_in_as, name="demo-sign-in"),
    path("style/", style.style, name="style"),
]
