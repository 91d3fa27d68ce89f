SELECT pg_logical_emit_message(true, 'walmq.event.emails', '{"type": "order.paid", "key": 43, "payload": {"total": "9.99"}}');
