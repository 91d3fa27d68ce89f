export { type Context, type QueryClient, withContext } from './context.js';
