import { type DestinationStream, type Logger, pino } from 'pino';
import type { Environment } from '../environment.js';
import { redact } from './redact.js';

export type { Logger } from 'pino';

/** Events as JSON lines, or as short lines for a terminal. Removes the passwords of connection strings. */
export function createLog(
  name: string,
  { logLevel, logFormat }: Pick<Environment, 'logLevel' | 'logFormat'>,
  /** Called once, when standard output accepts no more. */
  onLost: (error: Error) => void,
): Logger {
  return pino(
    { name, level: logLevel, formatters: { level: label => ({ level: label }) } },
    lines(logFormat, onLost),
  );
}

/** Synchronous: a process that exits would lose what is still in a buffer. */
function lines(format: Environment['logFormat'], onLost: (error: Error) => void): DestinationStream {
  let isLost = false;
  process.stdout.on('error', error => {
    // Logging this error would fail again, and again.
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

/**
 * Characters that JSON does not escape itself: DEL and C1, which control a terminal, and characters that end
 * a line or reverse its direction.
 */
const CONTROLS = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** The same JSON, without characters that control a terminal. */
function escapeControls(json: string): string {
  return json.replaceAll(CONTROLS, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A text on one line of a terminal: a message may quote what others have sent. */
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

/** `10:00:00 warn  Paused: ... (reason)`; a handler's own line is printed alone. */
function prettyLine(json: string): string {
  const { time, level, msg = '', error } = JSON.parse(json) as Entry;
  if (level === 'info') return `${printable(msg)}\n`;
  const reason = error ? ` (${error})` : '';
  return `${new Date(time).toISOString().slice(11, 19)} ${level.padEnd(5)} ${printable(msg + reason)}\n`;
}

/** A line of the log, parsed. */
export interface LogEntry {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** A logger whose entries go to a function: into a list, or to the logger of the application around walmq. */
export function logInto(take: (entry: LogEntry) => void, level: Environment['logLevel'] = 'trace'): Logger {
  return pino(
    { level, base: null, timestamp: false, formatters: { level: label => ({ level: label }) } },
    { write: line => take(JSON.parse(redact(line))) },
  );
}
