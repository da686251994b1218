ARG BASE
FROM ${BASE}
WORKDIR /app
COPY requirements.txt .
RUN groupadd -r app \
 && useradd -r -g app app
RUN python3 -m venv .venv \
 && .venv/bin/pip install --no-cache-dir -r requirements.txt \
 && chown -R app:app /app
RUN mkdir data \
 && seq 1000000 >data/rows \
 && find /app \( ! -user app -o ! -group app \) -exec chown -h app:app {} +
USER app
