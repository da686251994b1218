ARG BASE
FROM ${BASE}
WORKDIR /app
RUN apt-get update \
 && apt-get install -y --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/* \
 && apt-get clean \
 && rm -rf /usr/share/man /usr/share/info /usr/share/lintian /usr/share/gtk-doc \
 && find /usr/share/doc -type f -not -name 'copyright*' -delete
COPY requirements.txt .
RUN groupadd -r app \
 && useradd -r -g app app
RUN --mount=type=cache,target=/root/.cache/pip \
    python3 -m venv .venv \
 && .venv/bin/pip install --use-pep517 -r requirements.txt \
 && ( find .venv -type d -name __pycache__ -exec rm -r {} + 2>/dev/null || true ) \
 && chown -R app:app /app
COPY --chown=app:app src src
USER app
CMD [".venv/bin/python", "src/main.py"]
