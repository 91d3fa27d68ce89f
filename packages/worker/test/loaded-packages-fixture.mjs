// Imports the module that the argument names, as a user's program does, and prints the names of all packages loaded: ES modules are seen by a
// loader hook, CommonJS modules stand in the cache of require.
import { createRequire, register } from 'node:module';
import { MessageChannel } from 'node:worker_threads';

const { port1, port2 } = new MessageChannel();
const hooks = `
  let port;
  export function initialize(data) { port = data.port; }
  export function load(url, context, next) { port.postMessage(url); return next(url, context); }
`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`, {
  parentURL: import.meta.url,
  data: { port: port2 },
  transferList: [port2],
});
const urls = [];
port1.on('message', url => urls.push(url));
await import(process.argv[2]);
// Hooks run on a thread of their own: its last message comes before this import of a known name.
const last = 'data:text/javascript,//last';
await import(last);
while (!urls.includes(last)) await new Promise(resolve => setImmediate(resolve));
port1.close();

const files = [...urls, ...Object.keys(createRequire(import.meta.url).cache)];
const names = files.flatMap(file => {
  const [, own] = /\/(?:packages|apps)\/([^/]+)\/(?:dist|src)\//.exec(file) ?? [];
  if (own) return [`@walmq/${own}`];
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file) ?? [];
  return name ? [name] : [];
});
console.log(JSON.stringify([...new Set(names)].sort()));
