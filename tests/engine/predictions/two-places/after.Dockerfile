ARG BASE
FROM ${BASE}
WORKDIR /app
RUN groupadd -r app \
 && useradd -r -g app app
RUN python3 -m venv .venv \
 && .venv/bin/pip install --no-cache-dir pkginfo==1.10.0 \
 && chown -R app:app /app \
 && rm -rf /app/.venv/lib/python3.11/site-packages/pkginfo/tests /app/.venv/lib/python3.11/site-packages/pip/_vendor/colorama/tests
RUN python3 -m venv /opt/tools \
 && /opt/tools/bin/pip install --no-cache-dir jeepney==0.8.0 \
 && rm -rf /opt/tools/lib/python3.11/site-packages/pip/_vendor/colorama/tests /opt/tools/lib/python3.11/site-packages/jeepney/io/tests /opt/tools/lib/python3.11/site-packages/jeepney/tests
