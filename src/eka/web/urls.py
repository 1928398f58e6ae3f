"""The addresses of the whole site: each screen package brings its own."""

from django.urls import include, path

urlpatterns = [
    path("", include("eka.portal.urls")),
]
