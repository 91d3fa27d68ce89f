import { type DestinationStream, type Logger, pino } from 'pino';
import type { Environment } from './environment.js';
import { redact } from './redact.js';

export type { Logger } from 'pino';

/** Events as JSON lines, or short lines for a terminal. Connection strings lose their passwords on the way. */
export function createLog(
  name: string,
  { logLevel, logFormat }: Pick<Environment, 'logLevel' | 'logFormat'>,
  /** Called once, when stdout takes no more. */
  onLost: (error: Error) => void,
): Logger {
  return pino(
    { name, level: logLevel, formatters: { level: label => ({ level: label }) } },
    lines(logFormat, onLost),
  );
}

/** Written at once: what is still in a buffer when a process exits is never read. */
function lines(format: Environment['logFormat'], onLost: (error: Error) => void): DestinationStream {
  let isLost = false;
  process.stdout.on('error', error => {
    // What is said of it would fail again, and so on.
    if (isLost) return;
    isLost = true;
    onLost(error);
  });
  return {
    write(line) {
      if (isLost) return;
      const safe = escapeControls(redact(line));
      process.stdout.write(format === 'json' ? safe : prettyLine(safe));
    },
  };
}

/** Beyond those that JSON escapes itself: DEL and C1, which a terminal obeys, and what ends a line or turns it round. */
const CONTROLS = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** The same JSON, with nothing in it that a terminal obeys. */
function escapeControls(json: string): string {
  return json.replaceAll(CONTROLS, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** What a text says on one line of a terminal: a message may quote what somebody has sent. */
function printable(text: string): string {
  return text.replaceAll(ALL_CONTROLS, escaped);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const ALL_CONTROLS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

interface Entry {
  readonly time: number;
  readonly level: string;
  readonly msg?: string;
  readonly error?: string;
}

/** `10:00:00 warn  Paused: ... (reason)`; what a handler has done stands for itself. */
function prettyLine(json: string): string {
  const { time, level, msg = '', error } = JSON.parse(json) as Entry;
  if (level === 'info') return `${printable(msg)}\n`;
  const reason = error ? ` (${error})` : '';
  return `${new Date(time).toISOString().slice(11, 19)} ${level.padEnd(5)} ${printable(msg + reason)}\n`;
}
