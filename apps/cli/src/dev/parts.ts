import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { sourceFiles, type WalmqConfig } from '@walmq/config';
import { projectWorkers } from '../serve/choose-worker.js';
import type { PartOptions } from './part.js';

const DASHBOARD_PORT = 9100;
const CAPTURE_PORT = 9101;

/**
 * The processes of a project: capture, the dashboard, the workers that the configuration names, and walmq's own workers as far as
 * the project uses them.
 */
export function partsOf(options: {
  readonly config: WalmqConfig;
  readonly configFile: string;
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
}): PartOptions[] {
  const { config, configFile, root, env } = options;
  const none = async () => new Set<string>();
  const from = (file: string) => () => sourceFiles(file, root);
  const webhooks = resolve(root, env.WALMQ_WEBHOOKS || 'walmq.webhooks.ts');
  const audit = resolve(root, env.WALMQ_AUDIT || 'walmq.audit.ts');
  return [
    { name: 'dashboard', args: ['dashboard'], port: DASHBOARD_PORT, files: none },
    { name: 'capture', args: ['capture'], port: CAPTURE_PORT, files: none },
    ...projectWorkers(config, configFile).map(({ name, file, port }) => ({
      name,
      args: ['worker', name],
      port,
      files: from(file),
    })),
    ...(existsSync(webhooks)
      ? [{ name: 'webhooks', args: ['worker', 'webhooks'], port: 9105, files: from(webhooks) }]
      : []),
    ...(keepsAudit(config)
      ? [{ name: 'audit', args: ['worker', 'audit'], port: 9106, files: from(audit) }]
      : []),
    ...(keepsChangeLog(config)
      ? [{ name: 'change-log', args: ['worker', 'change-log'], port: 9107, files: none }]
      : []),
  ];
}

/** Arguments of `walmq setup` that make the tables which the parts need. */
export function setupArguments(config: WalmqConfig): string[] {
  return [
    'setup',
    ...(keepsAudit(config) ? ['--audit'] : []),
    ...(keepsChangeLog(config) ? ['--change-log'] : []),
    ...(config.outbox ? ['--outbox'] : []),
  ];
}

function keepsAudit({ queues }: WalmqConfig): boolean {
  return Object.hasOwn(queues, 'audit');
}

function keepsChangeLog({ queues }: WalmqConfig): boolean {
  return Object.hasOwn(queues, 'change-log');
}
