ARG BASE
FROM ${BASE}
WORKDIR /app
COPY requirements.txt .
RUN python3 -m venv .venv \
 && .venv/bin/pip install --no-cache-dir -r requirements.txt
