# apt's lists are downloaded by one RUN, and used by the next.
ARG BASE
FROM ${BASE}
RUN apt-get update
RUN apt-get install -y --no-install-recommends tini
