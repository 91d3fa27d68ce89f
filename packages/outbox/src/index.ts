export { type Context, type QueryClient, withContext } from './context.js';
export { type Event, publish } from './publish.js';
