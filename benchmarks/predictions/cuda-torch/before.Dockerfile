# torch from PyPI: on Linux that is the build for CUDA, with NVIDIA's libraries.
ARG BASE
FROM ${BASE}
WORKDIR /app
COPY requirements.txt .
RUN python3 -m venv .venv \
 && .venv/bin/pip install --no-cache-dir -r requirements.txt
