"""Where the papers are found in these stories."""

from django.urls import include, path

from eka.portal.views import papers

urlpatterns = [
    path("orders/<str:number>/receipt.pdf", papers.receipt),
    path("lines/<int:line_id>/statement.pdf", papers.statement),
    path("lines/<int:line_id>/statement.csv", papers.statement_sheet),
    path("", include("eka.web.urls")),
]
