ARG BASE
FROM ${BASE}
WORKDIR /app
RUN python3 -m venv .venv \
 && .venv/bin/pip install --no-cache-dir pkginfo==1.10.0 \
 && rm -rf /app/.venv/lib/python3.11/site-packages/pkginfo/tests /app/.venv/lib/python3.11/site-packages/pip/_vendor/colorama/tests
