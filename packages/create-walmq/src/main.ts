import { create } from './create.js';
import { versionAbove } from './manifest.js';

// The package manager in the same terminal gets Ctrl+C too. It ends, and then create removes what it has written.
process.on('SIGINT', () => {});

process.exitCode = await create(process.argv.slice(2), {
  version: versionAbove(import.meta.url),
  nodeVersion: process.versions.node,
  userAgent: process.env.npm_config_user_agent,
  print: line => console.log(line),
  printError: line => console.error(line),
});
