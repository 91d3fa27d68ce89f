/** BullMQ has declarations for its ES modules only. */
declare module 'bullmq/dist/cjs/scripts/index.js' {
  const scripts: Readonly<Record<string, { readonly content: string; readonly keys: number }>>;
  export = scripts;
}
