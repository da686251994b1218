# A file is made, and made again by the next RUN.
ARG BASE
FROM ${BASE}
RUN mkdir /srv/data && seq 1000000 >/srv/data/rows
RUN sed -i 's/$/,0/' /srv/data/rows
