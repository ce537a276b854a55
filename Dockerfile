# One image for the single process and for each part (docs/production.md).
#   docker build -t dabyl .   then   docker compose up
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
COPY requirements.txt requirements-postgresql.txt pyproject.toml README.md LICENSE ./
RUN python -m venv /opt/dabyl \
 && /opt/dabyl/bin/pip install --no-cache-dir --disable-pip-version-check -r requirements.txt -r requirements-postgresql.txt
COPY monitor monitor
COPY collectors collectors
COPY alerts alerts
COPY config config
RUN /opt/dabyl/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/dabyl --create-home dabyl
COPY --from=build /opt/dabyl /opt/dabyl
ENV PATH=/opt/dabyl/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    XDG_CACHE_HOME=/opt/dabyl/cache \
    DABYL_DATA=/var/lib/dabyl \
    DABYL_LOG_FORMAT=json
# The reader is made ready once, here: the service runs on a read-only disk.
RUN dabyl check && chmod -R a+rX /opt/dabyl/cache
USER dabyl
VOLUME /var/lib/dabyl
EXPOSE 8765
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["dabyl", "status", "--quiet"]
# SIGTERM stops in stages within ten seconds; what was committed is kept.
STOPSIGNAL SIGTERM
ENTRYPOINT ["dabyl"]
CMD ["run"]
