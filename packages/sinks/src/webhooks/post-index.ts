/** Requests to receivers that a configuration names: guarded, signed. For others than the worker of webhooks. */
export { isRange } from './address.js';
export { verdictOf } from './answer.js';
export { endpointUrl } from './endpoint-url.js';
export { createPost, type PostOptions } from './post.js';
export { isNameServer } from './resolve-name.js';
export { type Env, parseSecrets, readSource } from './secret.js';
export { sign } from './sign.js';
