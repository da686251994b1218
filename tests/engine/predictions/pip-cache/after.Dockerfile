ARG BASE
FROM ${BASE}
WORKDIR /app
RUN --mount=type=cache,target=/root/.cache/pip \
    python3 -m venv .venv \
 && .venv/bin/pip install --use-pep517 future==0.18.3
