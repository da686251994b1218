# escape=\
# What follows a comment is no directive any more.
# escape=`
ARG BASE=imgdiag-test-base
ARG VERSION=1.0
FROM ${BASE} AS builder
ARG VERSION
RUN mkdir /out && echo "$VERSION" >/out/version
COPY src /out/src

FROM ${BASE}:${TAG:-latest} AS common
LABEL maintainer="someone else" \
      org.example.title=x
ENV A=1 B="two words" C=$VERSION
ENV OLD style value
WORKDIR app
WORKDIR sub
RUN echo one \
    # a comment inside
    && echo   two \

    && echo three >/tmp/three

from common as Final
arg NAME=bob
ARG VERSION
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN echo shell | cat >/tmp/shell
run ["/bin/sh", "-c", "echo exec >/tmp/exec"]
COPY a.txt b.txt ./
COPY ["with space.txt", "also space.txt"]
COPY --chown=1:1 src/ ${A}/${NAME}/
COPY --from=builder /out /out
COPY --from=0 /out /out2
ADD b.txt /x/
	RUN true
USER nobody
RUN echo "$NAME ${VERSION}" >/tmp/name
USER root
VOLUME /data /more
EXPOSE 80 443/tcp 53/udp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s CMD curl -f http://localhost/ || exit 1
ONBUILD RUN echo onbuild >/onbuild
ONBUILD COPY a.txt /onbuild-a
ENTRYPOINT ["python3", "-m"]
CMD echo "hi there"
