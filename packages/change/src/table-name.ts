/** As configuration, handlers and logs name a table: `orders`, or `sales.orders` outside schema public. */
export function tableName({ schema, table }: { readonly schema: string; readonly table: string }): string {
  return schema === 'public' ? table : `${schema}.${table}`;
}
