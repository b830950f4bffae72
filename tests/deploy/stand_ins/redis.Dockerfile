# In place of redis: Debian's server; user and folder as in that image.
FROM debian:bookworm-slim
RUN groupadd --gid 1000 redis && useradd --uid 999 --gid 1000 --no-create-home redis \
 && apt-get update -qq && apt-get install -y -qq --no-install-recommends redis-server \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -o 999 -g 1000 /data
VOLUME /data
WORKDIR /data
CMD ["redis-server"]
