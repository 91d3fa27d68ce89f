/** A server that this process started, with data of its own. */
export interface EmbeddedServer {
  /** Its TCP port. */
  readonly port: number;
  /** Process id of the server's main process that runs now, or ran last. */
  readonly pid: number;
  /** Stops the server in good order (PostgreSQL: fast shutdown), after 5 s with SIGKILL. Then removes the data. */
  stop(): Promise<void>;
  /** Sends the signal and resolves when the process has ended. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Stops the server if it runs, and starts it with the same data on the same port. */
  restart(): Promise<void>;
}
