# In place of nats: Debian's server, started as that image starts it.
FROM debian:bookworm-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends nats-server wget \
 && rm -rf /var/lib/apt/lists/*
RUN printf '#!/bin/sh\ncase $1 in -*) set -- nats-server "$@" ;; esac\nexec "$@"\n' >/usr/local/bin/start \
 && chmod 755 /usr/local/bin/start
ENTRYPOINT ["start"]
CMD ["nats-server"]
