/** Resources that a process has used since its start. */
export interface Usage {
  /** User and system time. */
  readonly cpuSeconds: number | null;
  readonly peakRssBytes: number | null;
}

/** A measured program in a process of its own. */
export interface Program {
  usage(): Promise<Usage>;
  /** Throws BENCH_CHILD_ENDED, with the end of the program's output, if the program has ended. */
  assertAlive(): void;
  /** Sends SIGTERM, then SIGKILL if the program has not ended after 10 s. */
  stop(): Promise<void>;
  /** Sends SIGKILL and resolves when the process has ended. */
  kill(): Promise<void>;
}
