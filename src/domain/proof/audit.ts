import { batchesOf } from '../../kernel/batches';
import type { Clock } from '../../kernel/clock';
import { OperationalError } from '../../kernel/errors';
import { commitment, NONCE_BYTES } from '../consent';
import type { ErasedAccounts, KeyRing } from '../keyring.types';
import { isAuthentic, type CheckpointCopy } from '../ledger';
import type { Database, Tx } from '../sql.types';
import { auditAnchors } from './audit-anchors';
import { auditDeletedAccounts, endingPages } from './audit-ending';
import { auditKeys, type AuditKeys } from './audit-keys';
import { auditLog, type AuditedLog } from './audit-log';
import { auditPeople } from './audit-people';
import { BEFORE_ALL } from './audit-people.store';
import {
  auditTold,
  CLOSED_STATES,
  countClosed,
  noLeaves,
  noteSystemEntry,
  systemFacts,
  toldFacts,
  type ClosedLeaves,
  type ToldFacts,
} from './audit-system';
import {
  countRejected,
  readChangedWordings,
  readMisnumbered,
  readOrphans,
  readOneMoment,
  readPageUuids,
  readPendingRows,
  readUnlogged,
  readUnownedOpenings,
  readWithoutEntry,
  type PendingAuditRow,
} from './audit.store';
import type { AuditResult, Finding, Report } from './audit.types';

const MOST_FINDINGS = 100;
const BATCH_PENDING = 1_000;
const ATTEMPTS = 4;

export interface AuditDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly logOrigin: string;
  readonly checkpointCopy: CheckpointCopy;
  /** Beside the key ring. */
  readonly erasedAccounts: Pick<ErasedAccounts, 'all'>;
  /** Keys of the witnesses that are asked now. */
  readonly witnessVkeys?: readonly string[];
}

/**
 * Recomputes the whole ledger from its openings: every leaf, tile and checkpoint, every person's chain, row and evidence, every
 * message that was authorised. Changes nothing, and may run beside a live system: all it reads is of one moment.
 *
 * @throws {OperationalError} `audit_overtaken` when keys were rotated again and again while it ran; run it again
 */
export const makeAuditLedger = (deps: AuditDeps) => async (): Promise<AuditResult> => {
  const gone = new Set<string>();
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    await deps.keyRing.refreshSystemKeys();
    for (const pageUuid of await readPageUuids(deps.db)) await deps.keyRing.reload(pageUuid);
    // Read before the database, which then holds at least what the copy says.
    const copy = await deps.checkpointCopy.read();
    const erased = await deps.erasedAccounts.all();
    const { result, unknown } = await deps.db.transaction(async (tx) => {
      const keys = auditKeys(deps.keyRing, gone);
      return { result: await audit(tx, deps, keys, { copy, erased }), unknown: keys.unknown };
    });
    if (unknown.size === 0) return result;
    for (const version of unknown) gone.add(version);
  }
  throw new OperationalError('audit_overtaken', 'keys were rotated again and again while the audit ran: run it again');
};

/** What lies beside the key ring. */
interface Beside {
  readonly copy: string | null;
  readonly erased: readonly Buffer[];
}

async function audit(tx: Tx, deps: AuditDeps, keys: AuditKeys, { copy, erased }: Beside): Promise<AuditResult> {
  await readOneMoment(tx);
  const { findings, report } = collector();
  const ownerKey = deps.keyRing.systemKey('opening-owner');
  const told = toldFacts(ownerKey);
  const ending = await endingPages(tx, deps.keyRing, erased);
  const log = await auditLog(tx, { ...deps, keys, told, copy, ending }, report);
  const isErasing = log.unopenable > 0;
  const asked = { ...deps, keys, isErasing, ending, ownerKey, firstKeyLeaf: told.firstKeyLeaf };
  const { people, messages } = await auditPeople(tx, asked, report);
  const waiting = await auditWaiting(tx, deps, told, report);
  auditExplained(log, waiting.explained, report);
  await auditAnchors(tx, deps, report);
  await auditTold(tx, told, report);
  await auditRest(tx, report);
  await auditDeletedAccounts(tx, deps.keyRing, erased, report);
  const { erased: leavesErased, closed, lost } = log.states;
  const sorted = [...findings.kept].sort(byLeaf).slice(0, MOST_FINDINGS);
  return {
    ok: findings.count === 0,
    size: log.size,
    root: log.root.toString('base64'),
    opened: log.opened,
    unopenable: log.unopenable,
    ending: log.ending,
    people,
    messages,
    erased: leavesErased,
    closed,
    lost,
    pending: waiting.count,
    rejected: await countRejected(tx),
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

interface Waiting {
  /** Entries that wait for their leaf. */
  readonly count: number;
  /** Leaves that those of them account for. */
  readonly explained: Readonly<ClosedLeaves>;
}

async function auditWaiting(tx: Tx, { keyRing }: AuditDeps, told: ToldFacts, report: Report): Promise<Waiting> {
  let count = 0;
  const explained = noLeaves();
  const batches = batchesOf<PendingAuditRow>((last) => readPendingRows(tx, last?.id ?? BEFORE_ALL, BATCH_PENDING));
  for await (const rows of batches) {
    for (const row of rows) {
      const fault = waitingFault(keyRing, row);
      if (fault !== null) report(fault[0], null, row.entryId, fault[1]);
      else await noteWaiting(tx, { told, explained }, row, report);
    }
    count += rows.length;
  }
  return { count, explained };
}

async function noteWaiting(
  tx: Tx,
  { told, explained }: { readonly told: ToldFacts; readonly explained: ClosedLeaves },
  row: PendingAuditRow,
  report: Report,
): Promise<void> {
  const { entryId, accountId, accountUuid, ownerMac, opening } = row;
  if (opening === null) return;
  const facts = systemFacts(opening.subarray(0, -NONCE_BYTES));
  if (facts === null) {
    report('opening_owner', null, entryId, 'what stands in clear and waits is no entry');
    return;
  }
  await noteSystemEntry(tx, told, { entryId, index: null, accountId, accountUuid, ownerMac }, facts, report);
  countClosed(explained, facts);
}

/** An erasure is one transaction: the leaves it closed are closed from the moment its entry waits. */
function auditExplained(
  { states, explained, first }: AuditedLog,
  waiting: Readonly<ClosedLeaves>,
  report: Report,
): void {
  for (const state of CLOSED_STATES) {
    const accounted = explained[state] + waiting[state];
    if (states[state] === accounted) continue;
    const sentence = `${states[state]} leaves are passed off as ${state}, and entries account for ${accounted}`;
    report('leaf_unexplained', first.get(state) ?? null, null, sentence);
  }
}

function waitingFault(keyRing: KeyRing, row: PendingAuditRow): readonly [string, string] | null {
  if (!isAuthentic(keyRing, row)) return ['pending_forged', 'a waiting entry was not written by this installation'];
  if (row.hasLeaf) return ['pending_repeated', 'an entry waits that has its leaf already'];
  if (!row.hasOpening) return ['pending_unopened', 'an entry waits that nothing opens'];
  if (row.opening === null || commits(row.opening, row.commitment)) return null;
  return ['opening_changed', 'the opening of a waiting entry is not what waits'];
}

const commits = (opening: Buffer, to: Buffer): boolean =>
  opening.length > NONCE_BYTES &&
  commitment(opening.subarray(0, -NONCE_BYTES), opening.subarray(-NONCE_BYTES)).equals(to);

/** What is stored and stands in no log. */
async function auditRest(tx: Tx, report: Report): Promise<void> {
  for (const table of await readMisnumbered(tx))
    report('row_misnumbered', null, null, `a row of ${table} has a number that is never given out`);
  for (const { entryId } of await readUnlogged(tx)) {
    const sentence = 'an entry is stored that the log does not hold and that does not wait for it';
    report('opening_unlogged', null, entryId, sentence);
  }
  for (const { entryId } of await readWithoutEntry(tx))
    report('entry_missing', null, entryId, 'a chunk or an announcement rests on an entry that is not stored');
  const orphans = await readOrphans(tx);
  if (orphans.pieces) report('evidence_extra', null, null, 'a piece of a webhook is kept that is of nobody');
  if (orphans.keys) report('lead_key', null, null, 'a key is kept of a person who is not stored');
  for (const { entryId, index } of await readUnownedOpenings(tx)) {
    const leaf = index === null ? null : Number(index);
    report('opening_unowned', leaf, entryId, 'an entry is about a person who is not stored');
  }
  for (const { version, language } of await readChangedWordings(tx)) {
    const name = version === null ? 'that somebody brought along' : `version ${version}, ${String(language)}`;
    const sentence = `a wording (${name}) is not the one its hash was made of`;
    report('notice_changed', null, null, sentence);
  }
}
