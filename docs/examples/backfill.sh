npx walmq backfill --queue orders --dry-run                                # estimated number of rows
npx walmq backfill --queue orders --table orders --where "status = 'pending'" --watch
npx walmq backfill --list                                                  # all backfills and their progress
