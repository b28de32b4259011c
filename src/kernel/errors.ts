/** One field of a request that was refused; `pointer` is a JSON pointer (RFC 6901) into the body, or a parameter name. */
export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

/** Base of every error thrown on purpose. `code` is stable and documented; `message` never holds a personal value. */
export abstract class AssentError<Code extends string = string> extends Error {
  constructor(
    readonly code: Code,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The caller asked for something that cannot be. Logged at info, never retried. */
export class UserError<Code extends string = string> extends AssentError<Code> {
  constructor(
    code: Code,
    message: string,
    readonly errors: readonly FieldError[] = [],
    options?: { cause?: unknown },
  ) {
    super(code, message, options);
  }
}

/** Something outside failed and may work later. Logged at warn, retried by whoever called. */
export class OperationalError<Code extends string = string> extends AssentError<Code> {}

/** A promise of ours was broken. Logged at error, never retried. */
export class InvariantError<Code extends string = string> extends AssentError<Code> {}

const ERRNO = /^E[A-Z0-9_]{1,31}$/;

/** The name that the operating system gives an error of a file or a connection (`ENOENT`, `EACCES`); null for any other error. */
export function errnoOf(error: unknown): string | null {
  const { code, syscall } = (error ?? {}) as { readonly code?: unknown; readonly syscall?: unknown };
  return typeof syscall === 'string' && typeof code === 'string' && ERRNO.test(code) ? code : null;
}

/** How many failures of each code an error stands for: one, or all those of an `AggregateError`. */
export function countCodes(error: unknown): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const count = (one: unknown): void => {
    if (one instanceof AggregateError) one.errors.forEach(count);
    else counts.set(codeOf(one), (counts.get(codeOf(one)) ?? 0) + 1);
  };
  count(error);
  return counts;
}

/** What a log may say of any error: its code, or its class. Never its message, which may quote what it was about. */
export function codeOf(error: unknown): string {
  if (error instanceof AssentError) return String(error.code);
  return errnoOf(error) ?? (error instanceof Error ? error.name : 'unknown');
}
