import type { Clock } from '../../kernel/clock';
import type { KeyRing } from '../keyring.types';
import { readSignedCheckpoint } from '../ledger';
import { CLOCK_SKEW_MS } from '../../kernel/clock';
import type { CheckpointRow } from './audit.store';
import type { Report } from './audit.types';

interface CheckpointDeps {
  readonly keyRing: KeyRing;
  readonly logOrigin: string;
  readonly clock: Clock;
}

export interface LogEnd {
  /** Leaves that a checkpoint signed by our key vouches for. */
  readonly size: number;
  /** That checkpoint lies beside the key ring only. */
  readonly isKeptOnly: boolean;
  /** The checkpoint beside the key ring, if our key signed it. */
  readonly kept: ReturnType<typeof readSignedCheckpoint>;
}

/** Told of every size that the recomputed tree reaches, with its root and the checkpoint of that size if there is one. */
export type CheckpointJudge = (size: number, rootOf: () => Buffer, row: CheckpointRow | undefined) => void;

/** Judges checkpoints as the recomputed tree reaches their size. */
export function checkpointJudge(
  { keyRing, logOrigin, clock }: CheckpointDeps,
  { kept, size: end, isKeptOnly }: LogEnd,
  walk: { readonly latest: number },
  report: Report,
): CheckpointJudge {
  let before = -Infinity;
  return (size, rootOf, row) => {
    const say = (what: string, sentence: string): void => report(what, size - 1, null, sentence);
    if (kept?.size === size && !kept.root.equals(rootOf()))
      say('copy_differs', `the log of ${size} leaves is not the one whose checkpoint lies beside the key ring`);
    if (row === undefined) {
      if (isKeptOnly && size === end) say('checkpoint_missing', `checkpoint ${size} is gone`);
      return;
    }
    const root = rootOf();
    const signed = readSignedCheckpoint(keyRing, logOrigin, row.note);
    if (signed === null) say('checkpoint_unsigned', `checkpoint ${size} is not signed by the key of this log`);
    else if (signed.size !== size || !signed.root.equals(root))
      say('checkpoint_changed', `checkpoint ${size} signs another log than the one that is stored`);
    if (!row.root.equals(root)) say('checkpoint_root', `checkpoint ${size} names another root in its row`);
    const at = timeOf(row);
    const fault = timeFault(at, { before, latest: walk.latest, now: clock.now().getTime() });
    if (fault !== null) say('checkpoint_time', `checkpoint ${size} ${fault}`);
    before = at;
  };
}

interface Bounds {
  /** Time of the checkpoint before it. */
  readonly before: number;
  /** Of the entries it holds. */
  readonly latest: number;
  readonly now: number;
}

function timeFault(at: number, { before, latest, now }: Bounds): string | null {
  if (!(at >= before)) return 'is older than the one before it, or has no time';
  if (at < latest - CLOCK_SKEW_MS) return 'is older than an entry it holds';
  return at > now + CLOCK_SKEW_MS ? 'has a time that has not come yet' : null;
}

/** NaN for a time that is none. */
const timeOf = ({ signedAt }: CheckpointRow): number => signedAt?.getTime() ?? NaN;
