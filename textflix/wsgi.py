import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "textflix.settings")
# A page that takes longer than this helps nobody; commands and workers set their own bound.
os.environ.setdefault("DATABASE_STATEMENT_TIMEOUT", "5s")

application = get_wsgi_application()
