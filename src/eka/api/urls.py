"""The addresses for machines."""

from django.urls import path

from eka.api import notices

app_name = "api"

urlpatterns = [
    path("pay/notify/<str:gateway>", notices.notify, name="notify"),
    path("supply/notify/<str:supplier>", notices.notify_of_supply, name="notify-of-supply"),
    path("supply/notify/<str:supplier>/<str:token>", notices.notify_of_supply),
]
