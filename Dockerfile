# One image for every process of docker-compose.yml. It needs a PostgreSQL and a Redis: see there.
FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /srv/textflix
RUN python -m venv /opt/venv
# Dependencies first, torch before all: these layers are built again only when a pin changes.
COPY requirements requirements
RUN /opt/venv/bin/pip install --no-deps -r requirements/torch.txt
RUN /opt/venv/bin/pip install --no-deps --require-hashes -r requirements/site.txt
RUN /opt/venv/bin/pip check
COPY . .
# Settings want values; nothing is connected to, and none of these stays in the image.
RUN TEXTFLIX_PRODUCTION=1 ALLOWED_HOSTS=localhost DATABASE_URL=postgres://unused REDIS_URL=redis://unused \
    EMAIL_URL=smtp://unused SECRET_KEY="$(/opt/venv/bin/python -c 'import secrets; print(secrets.token_urlsafe(50))')" \
    STATIC_ROOT=/srv/textflix/staticfiles \
    /opt/venv/bin/python manage.py collectstatic --noinput
RUN /opt/venv/bin/python -m compileall -q textflix sentiment

FROM python:3.11-slim
# The folder is made here with its owner, because a new named volume takes over both.
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/textflix --create-home --shell /usr/sbin/nologin textflix
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/textflix /srv/textflix
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    STATIC_ROOT=/srv/textflix/staticfiles \
    TEXTFLIX_HOME=/var/lib/textflix \
    TEXTFLIX_PRODUCTION=1
WORKDIR /srv/textflix
USER textflix
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "--config=python:textflix.running.gunicorn_settings", "textflix.wsgi", "--bind=0.0.0.0:8000"]
