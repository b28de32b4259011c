import { AssentError, codeOf } from '../kernel/errors';

export interface Running {
  /** Ends everything in order; resolves when nothing of the program is left. */
  stop(): Promise<void>;
}

/** A stop that hangs is worse than one that is cut: whatever was not recorded is found again by the sweeper. */
const STOP_LIMIT_MS = 20_000;

/**
 * Starts a program and keeps it until SIGTERM or SIGINT.
 *
 * A start that fails says one sentence and exits with 1. An error nobody handled ends the process: it may have left
 * anything half-done, and the supervisor starts a clean one.
 */
export function runProgram(start: () => Promise<Running>): void {
  let stopping = false;
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const started = start().catch((error: unknown) => {
    say(error instanceof AssentError ? error.message : `cannot start: ${codeOf(error)}`);
    process.exit(1);
  });
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
    started
      .then((running) => running.stop())
      .then(
        () => process.exit(0),
        () => process.exit(1),
      );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
    process.on(event, (error: unknown) => {
      say(`fatal: ${codeOf(error)}`);
      process.exit(1);
    });
  }
}
