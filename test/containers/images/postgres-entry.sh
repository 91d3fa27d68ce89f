#!/bin/bash
# As the official image starts: makes the database cluster once, then runs the server as the user postgres.
set -e
data=/var/lib/postgresql/18/docker
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$data"
  chown -R postgres /var/lib/postgresql
  chmod 700 "$data"
  exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi
if [ ! -s "$data/PG_VERSION" ]; then
  echo "$POSTGRES_PASSWORD" > /tmp/password
  /pg/bin/initdb -D "$data" -U postgres --pwfile=/tmp/password -A scram-sha-256 > /dev/null
  echo 'host all all all scram-sha-256' >> "$data/pg_hba.conf"
  echo 'host replication all all scram-sha-256' >> "$data/pg_hba.conf"
  echo "listen_addresses = '*'" >> "$data/postgresql.conf"
  echo "create database \"$POSTGRES_DB\"" | /pg/bin/postgres --single -D "$data" postgres > /dev/null
fi
shift
exec /pg/bin/postgres -D "$data" -c unix_socket_directories=/tmp "$@"
