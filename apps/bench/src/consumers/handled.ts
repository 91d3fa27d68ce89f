/** What a consumer has handled, for the questions of the benchmark. */
export interface HandledTimes {
  /** Ids of the rows, in the order in which their handlers ended. */
  readonly ids: readonly number[];
  readonly begunMs: readonly number[];
  readonly endedMs: readonly number[];
  /** Ids of the jobs or records in Redis. Empty without Redis. */
  readonly jobIds: readonly string[];
}

export class Handled {
  #count = 0;
  #ids: number[] = [];
  #begunMs: number[] = [];
  #endedMs: number[] = [];
  #jobIds: string[] = [];

  constructor() {
    process.on('message', question => {
      if (question === 'handled') process.send?.({ question, answer: this.#count });
      if (question === 'times') process.send?.({ question, answer: this.#take() });
    });
  }

  /** Notes the end of a handler that began at `begunMs`. */
  add(id: unknown, begunMs: number, jobId = ''): void {
    this.#count += 1;
    this.#ids.push(Number(id));
    this.#begunMs.push(begunMs);
    this.#endedMs.push(nowMs());
    this.#jobIds.push(jobId);
  }

  /** Tells the benchmark that questions will be answered from now on. An earlier one would be lost. */
  ready(): void {
    process.send?.({ question: 'ready', answer: true });
  }

  #take(): HandledTimes {
    const taken = { ids: this.#ids, begunMs: this.#begunMs, endedMs: this.#endedMs, jobIds: this.#jobIds };
    this.#ids = [];
    this.#begunMs = [];
    this.#endedMs = [];
    this.#jobIds = [];
    return taken;
  }
}

/** Milliseconds since 1970, with fractions. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
