import type { CaptureStatus, LagStatus, PipelineStatus, SlotStatus } from '@walmq/operations';
import { redact } from '@walmq/runtime';
import { type Html, html } from '../html.js';
import { bytes, count, duration, plural } from './format.js';
import type { History } from './history.js';
import { sparkline } from './sparkline.js';

type Tone = 'well' | 'warning' | 'error' | 'unknown';

interface Stage {
  readonly name: string;
  readonly tone: Tone;
  readonly state: string;
  readonly facts: readonly (readonly [term: string, value: Html | string])[];
}

/** The stages of the pipeline. */
export function renderStages(status: PipelineStatus, history: History): Html {
  const stages = [
    databaseStage(status, history),
    captureStage(status, history),
    redisStage(status),
    workersStage(status),
  ];
  return html`<ol class="stages">${stages.map(stageItem)}</ol>
${lagTable(status.lag)}`;
}

function stageItem({ name, tone, state, facts }: Stage): Html {
  return html`<li class="stage ${tone}"><h3>${name}</h3><p class="state">${state}</p>
<dl class="facts">${facts.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl></li>`;
}

function databaseStage({ database, slotName }: PipelineStatus, history: History): Stage {
  const name = 'PostgreSQL';
  if (!database.reachable)
    return { name, tone: 'error', state: `Unreachable: ${redact(database.reason)}`, facts: [] };
  const { slot, inRecovery } = database;
  const facts: [string, Html | string][] = [['Server', `${database.version} · ${database.name}`]];
  if (inRecovery) return { name, tone: 'error', state: 'A standby, which takes no changes', facts };
  if (!slot) return { name, tone: 'error', state: `No slot "${slotName}"`, facts };
  facts.push(
    [
      'WAL it keeps for us',
      html`${bytes(slot.retainedWalBytes)} ${sparkline(history.series('retainedWalBytes'), 'WAL kept over the last 15 minutes')}`,
    ],
    ['Oldest change not acknowledged', age(slot.oldestUnconfirmedSeconds)],
    ['Room before the slot is lost', slot.safeWalBytes === null ? 'no limit set' : bytes(slot.safeWalBytes)],
  );
  return { name, ...slotState(slot), facts };
}

function age(seconds: number | null): string {
  return seconds === 0 ? 'none waits' : `at most ${duration(seconds)}`;
}

function slotState({
  name,
  active,
  walStatus,
  invalidationReason,
}: SlotStatus): Pick<Stage, 'tone' | 'state'> {
  if (walStatus === 'lost' || invalidationReason !== null)
    return { tone: 'error', state: `Slot "${name}" is lost (${invalidationReason ?? 'wal_removed'})` };
  if (walStatus === 'unreserved') return { tone: 'error', state: `Slot "${name}" is about to be lost` };
  return active
    ? { tone: 'well', state: `Slot "${name}" is read` }
    : { tone: 'error', state: `Nobody reads slot "${name}"` };
}

function captureStage({ captures, redis }: PipelineStatus, history: History): Stage {
  const name = 'Capture';
  const active = captures.find(({ role }) => role === 'active');
  const others = captures.filter(capture => capture !== active);
  const facts: [string, Html | string][] = [];
  if (active)
    facts.push(
      ['Active', instance(active)],
      [
        'Changes',
        html`${count(active.changesPerSecond)} /s ${sparkline(history.series('changesPerSecond'), 'Changes per second over the last 15 minutes')}`,
      ],
      ['Jobs', `${count(active.jobsPerSecond)} /s`],
      ['Average batch', active.batchJobs === null ? '–' : plural(active.batchJobs, 'job')],
    );
  for (const other of others)
    facts.push([other.role === 'standby' ? 'Stands by' : 'Waiting', `${instance(other)}${because(other)}`]);
  const fault = (active ?? others[0])?.lastError;
  if (fault) facts.push(['Last fault', `${fault.code}, ${fault.at.slice(0, 19).replace('T', ' ')} UTC`]);
  return { name, ...captureState(active, others, redis.reachable), facts };
}

function captureState(
  active: CaptureStatus | undefined,
  others: readonly CaptureStatus[],
  heard: boolean,
): Pick<Stage, 'tone' | 'state'> {
  if (!heard) return { tone: 'unknown', state: 'Not heard of: it speaks through Redis' };
  if (active && active.pauses.length > 0)
    return { tone: 'warning', state: `Paused: ${redact(active.pauses.join('; '))}` };
  if (active) return { tone: 'well', state: 'Streams' };
  return { tone: 'error', state: others.length > 0 ? 'Does not stream' : 'Does not run' };
}

function instance({ host, pid, version }: CaptureStatus): string {
  return `${host}, process ${pid}, ${version}`;
}

function because({ role, reason }: CaptureStatus): string {
  return role === 'waiting' && reason !== null ? `: ${redact(reason)}` : '';
}

function redisStage({ redis, checkpoint, checkpointProblem }: PipelineStatus): Stage {
  if (!redis.reachable)
    return { name: 'Redis', tone: 'error', state: `Unreachable: ${redact(redis.reason)}`, facts: [] };
  const { informs, product, version, usedMemoryBytes, maxMemoryBytes, problems } = redis;
  const limit = maxMemoryBytes === 0 ? 'no limit set' : `of ${bytes(maxMemoryBytes)}`;
  const state: Pick<Stage, 'tone' | 'state'> = checkpointProblem
    ? { tone: 'error', state: 'It does not hold what was acknowledged' }
    : problems.length > 0
      ? { tone: 'error', state: 'It does not keep what is promised' }
      : { tone: 'well', state: 'Holds jobs and checkpoint' };
  return {
    name: product,
    ...state,
    facts: [
      ['Server', informs ? version : 'unknown'],
      ['Memory', informs ? `${bytes(usedMemoryBytes)}, ${limit}` : 'unknown'],
      ['Checkpoint', checkpoint?.lsn ?? 'none yet'],
      ['Replicas', informs ? count(redis.onlineReplicas) : 'unknown'],
    ],
  };
}

function workersStage({ queues, redis }: PipelineStatus): Stage {
  const name = 'Workers';
  if (!redis.reachable)
    return { name, tone: 'unknown', state: 'Not heard of: they speak through Redis', facts: [] };
  const total = (pick: (queue: (typeof queues)[number]) => number | null) =>
    queues.reduce((sum, queue) => sum + (pick(queue) ?? 0), 0);
  const failed = total(queue => queue.failed);
  const idle = queues.filter(queue => queue.workers === 0 && queue.waiting > 0);
  const state: Pick<Stage, 'tone' | 'state'> =
    idle.length > 0
      ? { tone: 'error', state: `Changes wait without a worker: ${idle.map(queue => queue.name).join(', ')}` }
      : failed > 0
        ? { tone: 'warning', state: `${plural(failed, 'change')} failed` }
        : { tone: 'well', state: 'Keep up' };
  return {
    name,
    ...state,
    facts: [
      ['Attached', count(total(queue => queue.workers))],
      ['Completed', `${count(total(queue => queue.completedPerMinute))} /min`],
      ['Waiting', count(total(queue => queue.waiting + queue.delayed))],
      ['Parked', count(total(queue => queue.parked))],
    ],
  };
}

/** How far each step is behind the end of the WAL. */
function lagTable(lag: LagStatus | null): Html {
  const steps: readonly (readonly [string, string, number | null])[] = [
    ['Received', 'read by capture', lag?.receivedBytes ?? null],
    ['Enqueued', 'written to Redis', lag?.enqueuedBytes ?? null],
    ['Durable', 'kept through a crash of Redis', lag?.durableBytes ?? null],
    ['Acknowledged', 'PostgreSQL may forget it', lag?.acknowledgedBytes ?? null],
  ];
  return html`<div class="scroll" role="region" aria-label="Behind the end of the WAL" tabindex="0" data-key="lags"><table class="lags">
<caption>Behind the end of the WAL</caption>
<thead><tr>${steps.map(([step, meaning]) => html`<th scope="col">${step}<small>${meaning}</small></th>`)}</tr></thead>
<tbody><tr>${steps.map(([, , behind]) => html`<td>${bytes(behind)}</td>`)}</tr></tbody>
</table></div>`;
}
