/** A row of `orders`, as the contract maps it: decimals are strings, timestamps ISO 8601 without a zone. */
export interface OrderRow {
  id: number;
  customer_email: string;
  status: string | null;
  total_amount: string | null;
  created_at: string | null;
  updated_at: string | null;
}

export interface OrderItemRow {
  id: number;
  order_id: number | null;
  product_id: number;
  quantity: number;
  price: string | null;
}

export interface InventoryRow {
  product_id: number;
  stock_quantity: number;
  low_stock_threshold: number | null;
  updated_at: string | null;
}
