/** compose.yaml with the two servers, for development on this machine. */
export const COMPOSE_FILE = `# PostgreSQL and Redis for development: docker compose up --detach --wait
services:
  postgres:
    image: postgres:18
    restart: unless-stopped
    # walmq reads the WAL. The limit keeps a slot that nobody reads from filling the disk.
    command: ["postgres", "-c", "wal_level=logical", "-c", "max_slot_wal_keep_size=10GB"]
    environment:
      POSTGRES_PASSWORD: postgres
    ports: ["127.0.0.1:5432:5432"]
    volumes: ["postgres-data:/var/lib/postgresql"]
    healthcheck:
      test: ["CMD-SHELL", "pg_isready --username postgres --host 127.0.0.1"]
      interval: 2s
      timeout: 5s
      retries: 30

  redis:
    image: redis:7
    restart: unless-stopped
    # Queues must survive a restart, and Redis must never remove a job to free memory.
    command: ["redis-server", "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"]
    ports: ["127.0.0.1:6379:6379"]
    volumes: ["redis-data:/data"]
    healthcheck:
      test: ["CMD", "redis-cli", "ping"]
      interval: 2s
      timeout: 5s
      retries: 30

volumes:
  postgres-data:
  redis-data:
`;

/** What a compose file of the user's own needs. */
export const COMPOSE_NEEDS = [
  'PostgreSQL: command: ["postgres", "-c", "wal_level=logical"]',
  'Redis: command: ["redis-server", "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"]',
];
