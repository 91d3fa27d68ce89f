BEGIN;
SELECT pg_logical_emit_message(true, 'walmq.context', '{"actor": "ada@example.com", "reason": "customer called"}');
UPDATE orders SET status = 'cancelled' WHERE id = 43;
COMMIT;
