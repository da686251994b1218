# A compiler is installed, used, and removed again by a later RUN.
ARG BASE
FROM ${BASE}
WORKDIR /app
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev python3-dev \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
RUN python3 -m venv .venv \
 && .venv/bin/pip install --no-cache-dir --no-binary markupsafe markupsafe==2.1.5
RUN apt-get purge -y --auto-remove gcc libc6-dev python3-dev
