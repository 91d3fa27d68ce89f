import { WalmqError } from '@walmq/change';
import type { Redis } from 'ioredis';
import { ALONE, IN_SCRIPTS, IN_TRANSACTIONS, KEY, type Trial, WAITING } from './commands.js';
import { isDenied, isUnknownCommand } from './wrong-server.js';

/**
 * Runs trials in a script.
 *
 * KEYS[1]  key of the trials
 * ARGV     one trial each, as a JSON array
 * Returns pairs: a command that failed, and its error.
 */
const TRY_LUA = `
local failed = {}
for _, json in ipairs(ARGV) do
  local trial = cjson.decode(json)
  local reply = redis.pcall(unpack(trial))
  if type(reply) == 'table' and reply.err then
    failed[#failed + 1] = trial[1]
    failed[#failed + 1] = reply.err
  end
end
redis.pcall('DEL', KEYS[1])
return failed`;

/**
 * Tries every command that BullMQ and walmq need, with the user of this connection, on a key under the prefix. Rejects with
 * REDIS_DENIED, which names every missing right and the ACL rules that grant it, or the commands that the server lacks, and with
 * REDIS_URL_INVALID for a sentinel. Other errors (a replica, no memory) are
 * ignored in the script; outside the script, they reject.
 */
export async function tryRights(redis: Redis, prefix: string): Promise<void> {
  const key = `${prefix}:walmq:trial`;
  const filled = (trial: Trial) => trial.map(argument => argument.replace(KEY, key));
  const commands = new Set<string>();
  const unknown = new Set<string>();
  let keysRefused = false;
  const note = (command: string, { message }: Error) => {
    if (REFUSES_KEY.test(message)) keysRefused = true;
    else commands.add(command);
  };

  for (const trial of [...ALONE, WAITING]) {
    const [command, ...args] = filled(trial) as [string, ...string[]];
    await redis.call(command, ...args).catch((error: Error) => {
      // Redis checks the rights before it replies with NOSCRIPT.
      if (isDenied(error)) note(command, error);
      else if (isUnknownCommand(error)) unknown.add(command);
      else if (!error.message.startsWith('NOSCRIPT')) throw error;
    });
  }
  const trials = IN_SCRIPTS.map(trial => JSON.stringify(filled(trial)));
  const failed = await redis.call('EVAL', TRY_LUA, '1', key, ...trials).catch((error: Error) => {
    if (isDenied(error)) note('EVAL', error);
    else if (isUnknownCommand(error)) unknown.add('EVAL');
    else throw error;
    return [];
  });
  const answers = failed as string[];
  for (let at = 0; at < answers.length; at += 2) {
    const error = new Error(answers[at + 1]);
    if (isDenied(error)) note(answers[at] as string, error);
    else if (isUnknownCommand(error)) unknown.add(answers[at] as string);
  }
  if (unknown.size > 0) throw await missing(redis, [...unknown].sort());
  // Last: a user who may run MULTI but not EXEC leaves the connection in a transaction.
  for (const command of await deniedInTransaction(redis, `${key}:none`)) commands.add(command);
  if (commands.size > 0 || keysRefused) throw await denied(redis, prefix, [...commands].sort(), keysRefused);
}

/**
 * Tries a transaction and resolves to its commands that the user may not run. Around a command with a key: a cluster sends a
 * command without a key to any of its nodes. A MULTI alone would leave one node's connection in a transaction for ever, and
 * that node would answer QUEUED to everything.
 */
async function deniedInTransaction(redis: Redis, key: string): Promise<string[]> {
  const errors = await redis
    .multi()
    .del(key)
    .exec()
    .then(
      () => [],
      (error: Error & { previousErrors?: Error[] }) => [...(error.previousErrors ?? []), error],
    );
  const denied = errors.filter(isDenied);
  // A denied command makes EXEC fail, or stand without a MULTI. Redis checks the rights before it refuses for another reason: no
  // memory, a replica.
  const [lost] = errors.filter(({ name }) => name !== 'ReplyError');
  if (lost && denied.length === 0) throw lost;
  return IN_TRANSACTIONS.map(([command]) => command).filter(command =>
    denied.some(({ message }) => message.toUpperCase().includes(`'${command}'`)),
  );
}

/** Redis' errors for a missing right to a key: of 6.2 and 7.0, then of 7.2 and newer, outside a script and in one. */
const REFUSES_KEY =
  /access (one of the keys|a key)|access at least one of the keys|No permissions to access a key/i;

/** A server without commands: a sentinel, or one whose commands were renamed. */
async function missing(redis: Redis, commands: readonly string[]): Promise<WalmqError> {
  const info = await redis.info('server').catch(() => '');
  // Valkey calls it server_mode.
  if (/^(redis|server)_mode:sentinel/m.test(info))
    return new WalmqError('REDIS_URL_INVALID', 'the URL of Redis leads to a sentinel, which holds no data.', {
      remedy: 'Write redis+sentinel://host1:26379,host2:26379/<name of the primary> into REDIS_URL.',
    });
  return new WalmqError('REDIS_DENIED', `Redis has no command ${commands.join(', ')}, which walmq needs.`, {
    remedy: 'Remove "rename-command" from redis.conf, or use a server or a plan with these commands.',
    facts: { commands },
  });
}

async function denied(
  redis: Redis,
  prefix: string,
  commands: readonly string[],
  keysRefused: boolean,
): Promise<WalmqError> {
  const user = await redis.call('ACL', 'WHOAMI').catch(() => undefined);
  const name = typeof user === 'string' && user !== 'QUEUED' ? user : redis.options.username || '<user>';
  const lacking = [
    ...(commands.length > 0 ? [`run ${commands.join(', ')}`] : []),
    ...(keysRefused ? [`use keys that begin with "${prefix}:"`] : []),
  ];
  const rules = [
    ...commands.map(command => `+${command.toLowerCase()}`),
    ...(keysRefused ? [`~${prefix}:*`] : []),
  ];
  return new WalmqError('REDIS_DENIED', `the Redis user "${name}" may not ${lacking.join(', nor ')}.`, {
    remedy: `As an administrator of Redis, run: ACL SETUSER ${name} ${rules.join(' ')}`,
    facts: { user: name, commands, keysRefused },
  });
}
