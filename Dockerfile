# imgdiag in a container:
#
#   docker run --rm -v "$PWD:/work:ro" imgdiag analyze image.tar
#   docker save my-service | docker run --rm -i imgdiag analyze -
#   docker run --rm --group-add "$(stat -c %g /var/run/docker.sock)" \
#     -v /var/run/docker.sock:/var/run/docker.sock imgdiag analyze my-service
#
# BASE is any Debian with Python 3.11 or newer and its venv.
ARG BASE=python:3.12-slim

FROM ${BASE} AS builder
WORKDIR /build
RUN python3 -m venv --without-pip /opt/imgdiag && python3 -m venv /build/pip
COPY pyproject.toml README.md LICENSE ./
COPY imgdiag imgdiag
# pip stays here: it installs into the other environment. Byte-code is worth its 5 MB: it would be
# made anew at each start, since the container's user cannot keep it.
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=pip,target=/etc/pip.conf \
    --mount=type=cache,target=/root/.cache/pip \
    /build/pip/bin/pip --python /opt/imgdiag/bin/python install --disable-pip-version-check .

FROM ${BASE}
COPY --from=builder /opt/imgdiag /opt/imgdiag
ENV PATH=/opt/imgdiag/bin:$PATH
WORKDIR /work
# Nobody: a mounted socket is read with --group-add, and a mounted image needs no right.
USER 65534:65534
ENTRYPOINT ["imgdiag"]
CMD ["--help"]
