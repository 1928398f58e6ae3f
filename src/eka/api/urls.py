"""The addresses for machines."""

from django.urls import path

from eka.api import notices

app_name = "api"

urlpatterns = [
    path("pay/notify/<str:gateway>", notices.notify, name="notify"),
]
