"""The entry for WSGI servers; `eka serve` runs it with granian."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "eka.web.settings")

application = get_wsgi_application()

from django.urls import get_resolver  # noqa: E402  needs Django set up

from eka.usecases import demo, readiness  # noqa: E402

demo.follow_clock()
get_resolver().url_patterns  # noqa: B018  every page is loaded before the first request
readiness.make_types_ready()
