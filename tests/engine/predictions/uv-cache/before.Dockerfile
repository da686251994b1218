# uv links what it can from its cache; what it cannot is shipped for nothing.
ARG BASE
FROM ${BASE}
RUN python3 -m venv /opt/uv \
 && /opt/uv/bin/pip install --no-cache-dir uv==0.9.10
ENV PATH=/opt/uv/bin:$PATH
WORKDIR /app
RUN uv venv && uv pip install rich==13.9.4 docopt==0.6.2
