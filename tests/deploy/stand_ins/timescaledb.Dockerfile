# In place of timescale/timescaledb: Debian 13's PostgreSQL 17 with the extension's Apache edition.
FROM debian:trixie-slim
RUN groupadd --gid 70 postgres && useradd --uid 70 --gid 70 --home-dir /var/lib/postgresql postgres \
 && apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql-17-timescaledb \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -o postgres -g postgres -m 700 /var/lib/postgresql/data
COPY timescaledb-start /usr/local/bin/start
VOLUME /var/lib/postgresql/data
ENTRYPOINT ["start"]
CMD ["postgres"]
