# Two environments, made by two RUNs, and one of them stored a second time by a chown.
ARG BASE
FROM ${BASE}
WORKDIR /app
RUN python3 -m venv .venv \
 && .venv/bin/pip install --no-cache-dir pkginfo==1.10.0
RUN python3 -m venv /opt/tools \
 && /opt/tools/bin/pip install --no-cache-dir jeepney==0.8.0
RUN groupadd -r app && useradd -r -g app app && chown -R app:app /app
