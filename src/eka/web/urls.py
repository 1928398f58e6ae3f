"""The addresses of the whole site: each screen package brings its own."""

from django.urls import include, path

urlpatterns = [
    path("", include("eka.api.urls")),
    path("", include("eka.portal.urls")),
]

handler400 = "eka.portal.views.errors.bad_request"
handler403 = "eka.portal.views.errors.forbidden"
handler404 = "eka.portal.views.errors.not_found"
handler500 = "eka.portal.views.errors.server_error"
