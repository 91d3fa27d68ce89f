SELECT committed_at, op, changed, before, after, context
  FROM walmq.audit_history('orders', '{"id": 42}');        -- 'sales.orders' for a table in another schema
