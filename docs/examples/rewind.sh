npx walmq rewind --queue orders --from '2026-01-31 10:00' --dry-run   # how many changes, of which tables and time?
npx walmq rewind --queue orders --from 2h --key id=42 --yes           # one row, the last two hours
