ARG BASE
FROM ${BASE}
RUN python3 -m venv /opt/uv \
 && /opt/uv/bin/pip install --no-cache-dir uv==0.9.10
ENV PATH=/opt/uv/bin:$PATH
WORKDIR /app
ENV UV_LINK_MODE=copy
RUN --mount=type=cache,target=/root/.cache/uv \
    uv venv \
 && uv pip install rich==13.9.4 docopt==0.6.2
