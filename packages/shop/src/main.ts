import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CodedError } from '@walmq/change';
import { makeTables } from './make-tables.js';
import { ShopError } from './shop-error.js';

const WALMQ = fileURLToPath(new URL('../../../apps/cli/bin/walmq.js', import.meta.url));

process.exitCode = await main(process.argv.slice(2));

/** Makes the shop's tables, then runs `walmq setup` with the same arguments. Resolves to the exit code. */
async function main(args: readonly string[]): Promise<number> {
  try {
    const planned = args.find(arg => ['--dry-run', '--sql', '--help', '-h'].includes(arg));
    if (planned) throw changesNothing(planned);
    await makeTables(process.env);
  } catch (error) {
    console.error(error instanceof CodedError ? error.sentence : (error as Error).message);
    return 1;
  }
  const setup = spawn(process.execPath, [WALMQ, 'setup', ...args], { stdio: 'inherit' });
  const [code] = await once(setup, 'exit');
  return (code as number | null) ?? 1;
}

/** `walmq setup` can only plan for tables that exist, so this program cannot do a dry run of both. */
function changesNothing(option: string): ShopError {
  return new ShopError('SHOP_SETUP_OPTION', `shop-setup makes tables, so it does not accept ${option}.`, {
    remedy: `Run "psql -f packages/shop/schema.sql" and then "npx walmq setup ${option}".`,
  });
}
