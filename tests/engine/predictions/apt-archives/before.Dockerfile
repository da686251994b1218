# apt's downloads and binary caches stay: nothing in this image deletes them after an installation.
ARG BASE
FROM ${BASE}
RUN rm -f /etc/apt/apt.conf.d/docker-clean \
 && apt-get update \
 && apt-get install -y --no-install-recommends tini
