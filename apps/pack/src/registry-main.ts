import { onStopSignals } from '@walmq/runtime';
import { startRegistry } from './registry.js';

console.log('Assembling the packages and starting a registry for them ...');
const registry = await startRegistry();
const { url } = registry;
console.log(`The packages of this clone are served at ${url} until Ctrl+C. In another terminal:

  export npm_config_registry=${url} PNPM_CONFIG_REGISTRY=${url}
  export YARN_NPM_REGISTRY_SERVER=${url} YARN_UNSAFE_HTTP_WHITELIST=127.0.0.1
  npm create walmq shop
`);
onStopSignals({
  stop: () => void registry.stop().then(() => process.exit(0)),
  hurry: () => process.exit(1),
});
