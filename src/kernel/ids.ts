import { randomBytes, randomUUID } from 'node:crypto';

/** Random identifiers and nonces. A port, so that a test can repeat a run to the byte. */
export interface Ids {
  /** A UUID version 4. Never an ordered one: it would tell when a person came. */
  uuid(): string;
  bytes(size: number): Buffer;
}

export const randomIds: Ids = { uuid: () => randomUUID(), bytes: (size) => randomBytes(size) };
