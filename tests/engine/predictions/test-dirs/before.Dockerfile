# Packages bring their own tests.
ARG BASE
FROM ${BASE}
WORKDIR /app
RUN python3 -m venv .venv \
 && .venv/bin/pip install --no-cache-dir pkginfo==1.10.0
