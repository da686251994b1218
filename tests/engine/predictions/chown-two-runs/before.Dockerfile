# What a COPY and two RUNs make gets its owner in a layer of its own.
ARG BASE
FROM ${BASE}
WORKDIR /app
COPY requirements.txt .
RUN python3 -m venv .venv \
 && .venv/bin/pip install --no-cache-dir -r requirements.txt
RUN mkdir data && seq 1000000 >data/rows
RUN groupadd -r app && useradd -r -g app app && chown -R app:app /app
USER app
