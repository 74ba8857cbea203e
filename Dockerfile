# Portulan, one image for every role: `serve` (the default), `worker`, `worker --beat`, `migrate`.
FROM python:3.13-slim-bookworm AS built
WORKDIR /srv/portulan
# Packages first: a change of the code leaves this layer as it is.
COPY requirements.lock ./
RUN python -m venv .venv && .venv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN .venv/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation -e .
RUN .venv/bin/python -m compileall -q -j 0 accounts billing booking foundation indexer migrations ranking scripts search_api taxonomy web

FROM python:3.13-slim-bookworm
# Invoices name companies in Chinese, Japanese and Korean signs, too.
RUN apt-get update && apt-get install -y --no-install-recommends fonts-noto-cjk && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin portulan \
    && install -d -o portulan -g portulan -m 0750 /var/lib/portulan \
    && install -d -o portulan -g portulan -m 0755 /run/secrets
# Owned by root: who runs it can't change it.
COPY --from=built /srv/portulan /srv/portulan
WORKDIR /srv/portulan
ENV PATH=/srv/portulan/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PORTULAN_DATA_DIR=/var/lib/portulan \
    PORTULAN_FONTS_DIR=/usr/share/fonts/opentype/noto \
    PORTULAN_HOST=0.0.0.0 \
    PORTULAN_LOG_FORMAT=json
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=120s --retries=4 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
ENTRYPOINT ["portulan"]
CMD ["serve"]
