ARG BASE
FROM ${BASE} AS builder
WORKDIR /app
RUN python3 -m venv .venv \
 && .venv/bin/pip install --no-cache-dir pkginfo==1.10.0
RUN rm -rf .venv/lib/python3*/site-packages/pip .venv/lib/python3*/site-packages/setuptools
FROM ${BASE}
WORKDIR /app
COPY --from=builder /app/.venv .venv
