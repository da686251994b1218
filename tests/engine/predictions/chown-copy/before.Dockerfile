# What is copied gets its owner in a layer of its own.
ARG BASE
FROM ${BASE} AS builder
WORKDIR /app
RUN python3 -m venv .venv \
 && .venv/bin/pip install --no-cache-dir pkginfo==1.10.0

FROM ${BASE}
WORKDIR /app
COPY --from=builder /app/.venv .venv
COPY src src
RUN groupadd -r app && useradd -r -g app app && chown -R app:app /app
USER app
