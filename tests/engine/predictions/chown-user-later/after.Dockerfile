ARG BASE
FROM ${BASE}
WORKDIR /app
RUN groupadd -r app \
 && useradd -r -g app app
RUN python3 -m venv .venv \
 && .venv/bin/pip install --no-cache-dir pkginfo==1.10.0 \
 && chown -R app:app /app
COPY --chown=app:app src src
USER app
