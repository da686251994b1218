ARG BASE
FROM ${BASE}
RUN mkdir /srv/data \
 && seq 1000000 >/srv/data/rows \
 && sed -i 's/$/,0/' /srv/data/rows
