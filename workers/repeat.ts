export interface Repeated {
  /** Resolves when the turn that runs has ended; no other begins. */
  stop(): Promise<void>;
}

/** Runs a piece of work again and again, each time after as many milliseconds as the turn before it says. It must not throw. */
export function repeat(turn: () => Promise<number>): Repeated {
  let running: Promise<void> = Promise.resolve();
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    running = turn().then((waitMs) => {
      if (!isStopped) timer = setTimeout(begin, waitMs);
    });
  };
  begin();
  return {
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
