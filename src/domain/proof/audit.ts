import { leadTransaction } from '../leads';
import { isAuthentic } from '../ledger';
import type { Database, Tx } from '../sql.types';
import { auditLog, type AuditLogDeps } from './audit-log';
import { auditPeople } from './audit-people';
import { countRows, readChangedWordings, readOneMoment, readPendingRows, readUnlogged } from './audit.store';
import type { AuditResult, Finding, Report } from './audit.types';

const MOST_FINDINGS = 100;
const MOST_PENDING = 100_000;

export interface AuditDeps extends AuditLogDeps {
  readonly db: Database;
}

/**
 * Recomputes the whole ledger from its openings: every leaf, tile and checkpoint, every person's chain and row, every message
 * that was authorised. Changes nothing, and may run beside a live system: all it reads is of one moment.
 *
 * @throws {RingStale} when keys were destroyed while it ran; run it again
 */
export const makeAuditLedger = (deps: AuditDeps) => async (): Promise<AuditResult> => {
  // Read first: the database, read later, holds at least what the copy says.
  const copy = await deps.checkpointCopy.read();
  return leadTransaction(deps, (tx) => audit(tx, deps, copy));
};

async function audit(tx: Tx, deps: AuditDeps, copy: string | null): Promise<AuditResult> {
  await readOneMoment(tx);
  const { findings, report } = collector();
  const log = await auditLog(tx, deps, copy, report);
  const { people, messages } = await auditPeople(tx, deps, log.size, report);
  await auditWaiting(tx, deps, report);
  const { erased, closed, lost } = log.states;
  const sorted = [...findings.kept].sort(byLeaf);
  return {
    ok: findings.count === 0,
    size: log.size,
    root: log.root.toString('base64'),
    opened: log.opened,
    people,
    messages,
    erased,
    closed,
    lost,
    pending: await countRows(tx, 'ledger_pending'),
    rejected: await countRows(tx, 'ledger_rejected'),
    wrong: findings.count,
    first: sorted[0] ?? null,
    findings: sorted,
  };
}

const byLeaf = (a: Finding, b: Finding): number => (a.leafIndex ?? Infinity) - (b.leafIndex ?? Infinity) || 0;

/** Keeps the hundred findings with the lowest leaves, and counts all. */
function collector(): { findings: { kept: Finding[]; count: number }; report: Report } {
  const findings = { kept: [] as Finding[], count: 0 };
  return {
    findings,
    report: (what, leafIndex, entryId, sentence) => {
      findings.count += 1;
      findings.kept.push({ what, leafIndex, entryId, sentence });
      if (findings.kept.length > 2 * MOST_FINDINGS) findings.kept = findings.kept.sort(byLeaf).slice(0, MOST_FINDINGS);
    },
  };
}

/** What waits for its leaf, and what has none and does not wait. */
async function auditWaiting(tx: Tx, { keyRing }: AuditDeps, report: Report): Promise<void> {
  for (const row of await readPendingRows(tx, MOST_PENDING)) {
    const say = (what: string, sentence: string): void => report(what, null, row.entryId, sentence);
    if (!isAuthentic(keyRing, row)) say('pending_forged', 'a waiting entry was not written by this installation');
    else if (row.hasLeaf) say('pending_repeated', 'an entry waits that has its leaf already');
    else if (!row.hasOpening) say('pending_unopened', 'an entry waits that nothing opens');
  }
  for (const { entryId } of await readUnlogged(tx))
    report(
      'opening_unlogged',
      null,
      entryId,
      'an entry is stored that the log does not hold and that does not wait for it',
    );
  for (const { version, language } of await readChangedWordings(tx))
    report(
      'notice_changed',
      null,
      null,
      `a wording (version ${version}, ${language}) is not the one its hash was made of`,
    );
}
