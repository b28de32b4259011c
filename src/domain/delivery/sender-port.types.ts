import type { SendOutcome } from './sender.types';

export interface SendCall {
  readonly metaPageId: string;
  /** Page token; goes into a header only. */
  readonly token: string;
  /** The whole request body, JSON. */
  readonly bodyText: string;
  /**
   * Asked in the very moment before the first byte leaves, which a busy pool or a new connection may have put off.
   * When it answers false nothing leaves, and the outcome is `not-sent` with the cause `TOO_LATE`.
   */
  readonly mayStart: () => boolean;
}

/** One POST to the Send API. Never throws, never sends twice. */
export interface Sender {
  send(call: SendCall): Promise<SendOutcome>;
}

export const TOO_LATE = 'TOO_LATE';
