/**
 * Runs pieces of work one after the other of which one that fails must hold up no other, and says in the end that one did.
 */
export interface OneByOne {
  /** @returns undefined when it failed */
  run<T>(work: () => Promise<T>): Promise<T | undefined>;
  /** @throws the first failure, when there was one */
  finish(): void;
}

export function oneByOne(): OneByOne {
  const failures: unknown[] = [];
  return {
    run: async (work) => {
      try {
        return await work();
      } catch (error) {
        failures.push(error);
        return undefined;
      }
    },
    finish: () => {
      if (failures.length > 0) throw failures[0];
    },
  };
}
