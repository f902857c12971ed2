FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data
# pg_dump and pg_restore, for `manage.py backup` and `restore`
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home /app skilllink && mkdir -p /app /data && chown skilllink /app /data
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY --chown=skilllink . .
USER skilllink
# collectstatic needs settings, not a production's secrets
RUN SKILLLINK_PRODUCTION=0 DATA_DIR=/tmp/build STATICFILES_MANIFEST=1 python manage.py collectstatic --noinput
EXPOSE 8000
CMD ["daphne", "-b", "0.0.0.0", "-p", "8000", "--ping-interval", "10", "--ping-timeout", "15", "skilllink.asgi:application"]
