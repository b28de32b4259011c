import { createHash } from 'node:crypto';
import { RETENTION } from '../../../config/retention';
import { recordAudit } from '../accounts';
import type { Clock } from '../../kernel/clock';
import type { Ids } from '../../kernel/ids';
import type { KeyRing } from '../keyring.types';
import type { Database, RowId } from '../sql.types';
import {
  countThere,
  expireExports,
  finishExport,
  insertExport,
  readExports,
  recordDisclosure,
  type ExportView,
} from './export.store';
import type { BundleKind } from './manifest.rules';

const DAY_MS = 86_400_000;
/** As long as the security log, of which it is a part. */
const KEPT_MS = RETENTION.securityLogDays * DAY_MS;
/** No export takes this long: its process died. */
const STUCK_MS = 6 * 3_600_000;

export interface ExportDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly ids: Ids;
}

export interface ExportRecord {
  /** Just before the bytes about these people leave. Answers who of them is still there: nobody else's may. */
  readonly disclose: (leadIds: readonly RowId[]) => Promise<ReadonlySet<RowId>>;
  /** Whether all are still there who were disclosed last. */
  readonly areThere: () => Promise<boolean>;
  /** Counts and hashes what leaves. */
  readonly sent: (bytes: Buffer) => void;
  readonly end: (state: 'complete' | 'broken') => Promise<void>;
}

/** Writes down that proofs leave the house, before they do. */
export async function beginExport(
  deps: ExportDeps,
  accountId: RowId,
  kind: BundleKind,
  checkpointSize: number,
): Promise<ExportRecord> {
  const { db, clock, ids } = deps;
  const createdAt = clock.now();
  const uuid = ids.uuid();
  const id = await db.transaction(async (tx) => {
    await recordAudit(tx, deps, { accountId, kind: 'proof.exported', detail: { export: uuid, kind } });
    return insertExport(tx, {
      uuid,
      accountId,
      kind,
      checkpointSize,
      createdAt,
      expiresAt: new Date(createdAt.getTime() + KEPT_MS),
    });
  });
  const hash = createHash('sha256');
  let bytes = 0;
  let records = 0;
  let leaving: ReadonlySet<RowId> = new Set();
  return {
    disclose: async (leadIds) => {
      leaving = new Set(leadIds.length === 0 ? [] : await recordDisclosure(db, id, leadIds));
      records += leaving.size;
      return leaving;
    },
    areThere: async () => leaving.size === 0 || (await countThere(db, [...leaving])) === leaving.size,
    sent: (part) => {
      bytes += part.length;
      hash.update(part);
    },
    end: (state) =>
      finishExport(db, id, {
        state,
        records,
        bytes,
        sha256: state === 'complete' ? hash.digest() : null,
        finishedAt: clock.now(),
      }),
  };
}

export interface ListExportsInput {
  readonly accountId: RowId;
  readonly limit: number;
  readonly before: RowId | null;
}

/** What was exported in the last 30 days, newest first. */
export const makeListExports =
  ({ db }: Pick<ExportDeps, 'db'>) =>
  async ({ accountId, limit, before }: ListExportsInput): Promise<{ exports: ExportView[]; next: RowId | null }> => {
    const found = await readExports(db, accountId, before, limit + 1);
    const exports = found.slice(0, limit);
    return { exports, next: found.length > limit ? (exports.at(-1)?.id ?? null) : null };
  };

/** Ends records of exports whose process died, and forgets those that are older than 30 days. */
export const makeExpireExports =
  ({ db, clock }: Pick<ExportDeps, 'db' | 'clock'>) =>
  (): Promise<number> => {
    const now = clock.now();
    return expireExports(db, now, new Date(now.getTime() - STUCK_MS));
  };
