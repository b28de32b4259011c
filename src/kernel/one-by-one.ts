/**
 * Runs pieces of work one after the other of which one that fails must hold up no other, and says in the end which did.
 */
export interface OneByOne {
  /** @returns undefined when it failed */
  run<T>(work: () => Promise<T>): Promise<T | undefined>;
  /** @returns whether it did not fail */
  try(work: () => Promise<unknown>): Promise<boolean>;
  /** @throws the failure, or an `AggregateError` of all when there were more */
  finish(): void;
}

export function oneByOne(): OneByOne {
  const failures: unknown[] = [];
  const run = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      failures.push(error);
      return undefined;
    }
  };
  return {
    run,
    try: async (work) => {
      const before = failures.length;
      await run(work);
      return failures.length === before;
    },
    finish: () => {
      if (failures.length > 1) throw new AggregateError(failures);
      if (failures.length === 1) throw failures[0];
    },
  };
}
