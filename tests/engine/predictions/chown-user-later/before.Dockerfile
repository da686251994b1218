# The user is made after the files, and before they get their owner.
ARG BASE
FROM ${BASE}
WORKDIR /app
RUN python3 -m venv .venv \
 && .venv/bin/pip install --no-cache-dir pkginfo==1.10.0
COPY src src
RUN groupadd -r app && useradd -r -g app app
RUN chown -R app:app /app
USER app
