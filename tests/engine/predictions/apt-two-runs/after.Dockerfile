ARG BASE
FROM ${BASE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends tini \
 && apt-get clean \
 && rm -rf /var/lib/apt/lists/* \
 && rm -rf /usr/share/man /usr/share/info /usr/share/lintian /usr/share/gtk-doc \
 && find /usr/share/doc -type f -not -name 'copyright*' -delete
