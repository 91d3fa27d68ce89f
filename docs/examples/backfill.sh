npx walmq backfill --queue orders --dry-run                                # how many rows would it be, about?
npx walmq backfill --queue orders --table orders --where "status = 'pending'" --watch
npx walmq backfill --list                                                  # all of them, and how far they are
