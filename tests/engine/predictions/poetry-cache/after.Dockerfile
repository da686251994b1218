ARG BASE
FROM ${BASE}
RUN python3 -m venv /opt/poetry \
 && /opt/poetry/bin/pip install --no-cache-dir poetry==1.8.5
ENV PATH=/opt/poetry/bin:$PATH POETRY_VIRTUALENVS_IN_PROJECT=1
WORKDIR /app
COPY pyproject.toml .
RUN --mount=type=cache,target=/root/.cache/pypoetry/cache \
    --mount=type=cache,target=/root/.cache/pypoetry/artifacts \
    poetry install --no-root
