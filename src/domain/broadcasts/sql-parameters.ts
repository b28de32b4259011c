/** Collects the values of a statement that is put together from parts. */
export interface SqlParameters {
  readonly values: readonly unknown[];
  /** @returns the `$n` under which the value travels */
  readonly bind: (value: unknown) => string;
}

export function makeSqlParameters(): SqlParameters {
  const values: unknown[] = [];
  return {
    values,
    bind: (value) => {
      values.push(value);
      return `$${values.length}`;
    },
  };
}
