CREATE TABLE order_facts (
  id Int64, status String, total_amount Nullable(Decimal(12, 2)), created_at DateTime64(6, 'UTC'),
  walmq_position UInt128, walmq_deleted UInt8
) ENGINE = ReplacingMergeTree(walmq_position, walmq_deleted) ORDER BY id;
