# Stand-in of redis:<version>: Debian's package. The official image has protected mode off.
FROM walmq-stand-in/debian
RUN apt-get update && apt-get install --yes --no-install-recommends redis-server redis-tools
RUN mkdir /data && chown redis /data && printf '#!/bin/sh\nexec /usr/bin/redis-server "$@" --protected-mode no\n' > /usr/local/bin/redis-server && chmod 755 /usr/local/bin/redis-server
USER redis
WORKDIR /data
