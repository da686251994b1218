ARG BASE
FROM ${BASE}
RUN rm -f /etc/apt/apt.conf.d/docker-clean \
 && apt-get update \
 && apt-get install -y --no-install-recommends tini \
 && apt-get clean
