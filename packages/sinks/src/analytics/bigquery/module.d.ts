// Optional, and not installed here: the part of the client that the sink uses (./client.ts). Its own declarations take precedence
// where it is installed.
declare module '@google-cloud/bigquery' {
  export const BigQuery: new (options: Record<string, unknown>) => import('./client.js').BigqueryClient;
}
