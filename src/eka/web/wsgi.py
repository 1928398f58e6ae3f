"""The entry for WSGI servers; `eka serve` runs it with granian."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "eka.web.settings")

application = get_wsgi_application()

from eka.usecases import demo  # noqa: E402  needs Django set up

demo.follow_clock()
