ARG BASE
FROM ${BASE}
WORKDIR /app
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev python3-dev \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && python3 -m venv .venv \
 && .venv/bin/pip install --no-cache-dir --no-binary markupsafe markupsafe==2.1.5 \
 && apt-get purge -y --auto-remove gcc libc6-dev python3-dev \
 && apt-get clean \
 && rm -rf /usr/share/man /usr/share/info /usr/share/lintian /usr/share/gtk-doc \
 && find /usr/share/doc -type f -not -name 'copyright*' -delete
