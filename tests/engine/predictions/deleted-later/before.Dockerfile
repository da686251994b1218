# Byte-code is deleted in a layer of its own.
ARG BASE
FROM ${BASE}
WORKDIR /app
RUN python3 -m venv .venv \
 && .venv/bin/pip install --no-cache-dir rich==13.9.4
RUN find .venv -type d -name __pycache__ -exec rm -r {} + 2>/dev/null || true
