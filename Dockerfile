# The API as a container: docker build -t task-api . && docker run --env-file .env -p 8000:8000 task-api

FROM python:3.13-slim-trixie AS build
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-cache --no-dev --group otel --group redis --group mcp
COPY alembic.ini ./
COPY alembic alembic
COPY src src
RUN python -m compileall -q src alembic

FROM python:3.13-slim-trixie
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin api
COPY --from=build /app /app
WORKDIR /app
USER 10001
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as http; http.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health', timeout=2)"]
# A shell, because platforms choose the port; exec, so that SIGTERM reaches the server.
CMD ["sh", "-c", "exec python -m src serve --host 0.0.0.0 --port \"$PORT\""]
