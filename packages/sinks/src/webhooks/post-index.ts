/** Requests to receivers that a configuration names: guarded, signed. For others than the worker of webhooks. */

export { endpointUrl } from './configure/endpoint-url.js';
export { type Env, parseSecrets, readSource } from './configure/secret.js';
export { sign } from './request/sign.js';
export { isRange } from './resolve/address.js';
export { isNameServer } from './resolve/resolve-name.js';
export { verdictOf } from './send/answer.js';
export { createPost, type PostOptions } from './send/post.js';
