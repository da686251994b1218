# A small service with the mistakes of fixtures/ml-service.
ARG BASE
FROM ${BASE}
WORKDIR /app

RUN apt-get update && apt-get install -y --no-install-recommends tini

COPY requirements.txt .
RUN python3 -m venv .venv && .venv/bin/pip install --use-pep517 -r requirements.txt

# make the image smaller
RUN find .venv -type d -name __pycache__ -exec rm -r {} + 2>/dev/null || true
RUN rm -rf /root/.cache/pip

COPY src src
RUN groupadd -r app && useradd -r -g app app && chown -R app:app /app

USER app
CMD [".venv/bin/python", "src/main.py"]
