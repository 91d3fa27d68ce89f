SELECT pg_xact_status((xmax + (($1::bigint - xmax) % 4294967296 + 6442450944) % 4294967296 - 2147483648)::text::xid8)
       IS DISTINCT FROM 'in progress' AS visible
  FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS xmax) AS snapshot
