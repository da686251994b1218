ARG BASE
FROM ${BASE} AS builder
WORKDIR /app
RUN python3 -m venv .venv \
 && .venv/bin/pip install --no-cache-dir pkginfo==1.10.0
FROM ${BASE}
WORKDIR /app
RUN groupadd -r app \
 && useradd -r -g app app
COPY --from=builder --chown=app:app /app/.venv .venv
COPY --chown=app:app src src
RUN chown app:app /app
USER app
