# pip keeps the wheel that it builds from a source distribution, whatever the index allows.
ARG BASE
FROM ${BASE}
WORKDIR /app
RUN python3 -m venv .venv \
 && .venv/bin/pip install --use-pep517 future==0.18.3
