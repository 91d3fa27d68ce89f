SELECT context->>'actor' AS who, committed_at, key, before->>'status' AS old, after->>'status' AS new
  FROM walmq.audit
 WHERE table_name = 'orders' AND 'status' = ANY (changed) AND committed_at > now() - interval '7 days'
 ORDER BY change_id;
