import type { Ids } from '../../kernel/ids';
import type { RecordStatus } from './delivery.types';
import type { SendOutcome } from './sender.types';

/** Failures that may pass: the fifth is the last. Waits of 1, 3, 9 and 27 minutes, a little spread. */
export const MAX_FAILURES = 5;
const FIRST_RETRY_MS = 60_000;
const RETRY_FACTOR = 3;
const SPREAD = 0.2;
/** Meta could not be reached at all; the whole Page waits. */
export const UNREACHABLE_WAIT_MS = 3_000;
/** For a limit on one person when Meta names no time. */
const RECIPIENT_WAIT_MS = 15 * 60_000;

/** So many refusals of the content in a row, and everybody would get the same: the Page is blocked for this broadcast. */
export const MAX_REFUSED_IN_A_ROW = 5;
/** After so many failures in a row a lead counts as unreachable until it writes again. */
export const UNREACHABLE_AFTER = 3;

/** What becomes of a row, by what happened to its message. */
export interface Verdict {
  readonly status: RecordStatus;
  readonly reason: string | null;
  readonly dueInMs: number | null;
  readonly code: number | null;
  readonly subcode: number | null;
  readonly failures: number;
}

const PLAIN = { reason: null, dueInMs: null, code: null, subcode: null } as const;

/** For a message of which nothing left. */
export const unsent = (failures: number, dueInMs = 0): Verdict => ({ ...PLAIN, status: 'pending', dueInMs, failures });

/**
 * Decides a row. Throttles do not use up tries; an uncertain one is never tried again by itself.
 *
 * @param failures failures that may pass, before this one
 * @param random 0 to 1, spreads retries
 */
export function verdictOf(outcome: SendOutcome, failures: number, random: number): Verdict {
  switch (outcome.kind) {
    case 'accepted':
      return { ...PLAIN, status: 'accepted', failures };
    case 'uncertain':
      return { ...PLAIN, status: 'uncertain', failures };
    case 'not-sent':
      return unsent(failures, UNREACHABLE_WAIT_MS);
    case 'rejected':
      return rejected(outcome, failures);
    case 'page-stopped':
      return { ...codes(outcome), status: 'pending', reason: null, dueInMs: 0, failures };
    case 'throttled':
      return throttled(outcome, failures);
    case 'retry-later':
      return retry(outcome, failures, retryDelayMs(failures, random));
  }
}

const codes = ({ code, subcode }: { readonly code: number | null; readonly subcode: number | null }) => ({
  code,
  subcode,
});

function rejected(outcome: SendOutcome & { kind: 'rejected' }, failures: number): Verdict {
  const isClosed = outcome.errorClass === 'outside-window';
  return {
    ...codes(outcome),
    status: isClosed ? 'skipped' : 'rejected',
    reason: isClosed ? 'window_closed' : null,
    dueInMs: null,
    failures,
  };
}

function throttled(outcome: SendOutcome & { kind: 'throttled' }, failures: number): Verdict {
  if (outcome.scope === 'recipient') return retry(outcome, failures, outcome.retryAfterMs ?? RECIPIENT_WAIT_MS);
  return { ...codes(outcome), status: 'pending', reason: null, dueInMs: 0, failures };
}

function retry(fault: Parameters<typeof codes>[0], failures: number, dueInMs: number): Verdict {
  const failed = failures + 1;
  const isLast = failed >= MAX_FAILURES;
  return {
    ...codes(fault),
    status: isLast ? 'rejected' : 'pending',
    reason: null,
    dueInMs: isLast ? null : dueInMs,
    failures: failed,
  };
}

/** 0 to 1. */
export const randomShare = (ids: Ids): number => ids.bytes(2).readUInt16BE() / 65_535;

export const retryDelayMs = (failures: number, random: number): number =>
  Math.round(FIRST_RETRY_MS * RETRY_FACTOR ** failures * (1 - SPREAD + 2 * SPREAD * random));

/** How many refusals of the content stand in a row after one more outcome. */
export function refusedInARow(before: number, outcome: SendOutcome): number {
  if (outcome.kind === 'accepted') return 0;
  return outcome.kind === 'rejected' && outcome.errorClass === 'request-invalid' ? before + 1 : before;
}

/** Whether the rest of the chunk may go on after this outcome. */
export function stopsChunk(outcome: SendOutcome): boolean {
  if (outcome.kind === 'throttled') return outcome.scope !== 'recipient';
  return outcome.kind === 'page-stopped' || outcome.kind === 'not-sent';
}
