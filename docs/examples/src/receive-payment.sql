INSERT INTO outbox (aggregate_type, aggregate_id, type, payload)
VALUES ('payment', '7', 'payment.received', '{"amount": "99.99"}');
