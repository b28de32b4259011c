import { openField } from '../../kernel/crypto/field-cipher';
import { parseCanonicalJson } from '../../kernel/crypto/jcs';
import { InvariantError } from '../../kernel/errors';
import { commitment, NONCE_BYTES, openingPlace } from '../consent';
import type { KeyRing } from '../keyring.types';
import { onRing, readLeadRow, type KeyedLeadRow } from '../leads';
import type { RowId, Tx } from '../sql.types';
import { readChains, readLeadIds, type ChainRow } from './audit.store';
import type { Report } from './audit.types';
import { rebuildMessage } from './open-people';
import { readMessages, readPeopleRows, type PersonRow } from './person.store';
import type { EntryFacts } from './proof.types';

const BATCH_LEADS = 50;
const ALL_MESSAGES = 2_147_483_647;

export interface AuditPeopleDeps {
  readonly keyRing: KeyRing;
  readonly logOrigin: string;
}

export interface AuditedPeople {
  readonly people: number;
  readonly messages: number;
}

interface Link {
  readonly entryId: string;
  readonly index: number | null;
  readonly commitment: Buffer;
  readonly facts: EntryFacts;
}

/** Every person's chain, what their row makes of it, and every message that was authorised to them. */
export async function auditPeople(tx: Tx, deps: AuditPeopleDeps, size: number, report: Report): Promise<AuditedPeople> {
  let [people, messages] = [0, 0];
  for (let after: RowId = '0'; ;) {
    const ids = await readLeadIds(tx, after, BATCH_LEADS);
    const last = ids.at(-1);
    if (last === undefined) return { people, messages };
    after = last;
    people += ids.length;
    messages += await auditBatch(tx, deps, ids, size, report);
  }
}

/** @returns how many messages were rebuilt */
async function auditBatch(
  tx: Tx,
  deps: AuditPeopleDeps,
  ids: readonly RowId[],
  size: number,
  report: Report,
): Promise<number> {
  const chains = await readChains(tx, ids);
  const rows = await readMessages(tx, ids, size, { most: ALL_MESSAGES });
  for (const person of await readPeopleRows(tx, ids)) {
    const dek = openKey(deps, person);
    const own =
      dek === null
        ? []
        : openChain(
            dek,
            chains.filter(({ leadId }) => leadId === person.id),
          );
    auditChain(own, person, report);
    const lead = await readLeadRow(tx, person.id);
    if (lead !== undefined) auditRow(lead, own, report);
    for (const row of rows.filter(({ leadId }) => leadId === person.id)) {
      if (dek !== null && rebuildMessage(deps, person, dek, own, row) !== null) continue;
      const index = Number(row.sendsIndex);
      report(
        'message_changed',
        index,
        row.sendsEntry,
        `leaf ${index}: a message is not what was authorised at its place`,
      );
    }
  }
  return rows.length;
}

function openKey({ keyRing }: AuditPeopleDeps, person: PersonRow): Buffer | null {
  try {
    return onRing(person.pageUuid, () =>
      keyRing.unwrapLeadKey(person.pageUuid, person.bucket, person.keyVersion, person.dekWrapped),
    );
  } catch (error) {
    if (error instanceof InvariantError) return null;
    throw error;
  }
}

/** What can be opened, in the order of the chain; the rest is reported leaf by leaf. */
function openChain(dek: Buffer, rows: readonly ChainRow[]): Link[] {
  return rows
    .flatMap(({ entryId, openingCt, index }): Link[] => {
      if (openingCt === null) return [];
      try {
        const opening = openField(dek, openingPlace(entryId), openingCt);
        const body = opening.subarray(0, -NONCE_BYTES);
        const facts = parseCanonicalJson(body) as EntryFacts;
        const made = commitment(body, opening.subarray(-NONCE_BYTES));
        return [{ entryId, index: index === null ? null : Number(index), commitment: made, facts }];
      } catch (error) {
        if (error instanceof InvariantError) return [];
        throw error;
      }
    })
    .sort((a, b) => a.facts.subject.n - b.facts.subject.n || (a.index ?? 0) - (b.index ?? 0));
}

function auditChain(chain: readonly Link[], person: PersonRow, report: Report): void {
  chain.forEach((link, at) => {
    const fault = linkFault(link, chain[at - 1] ?? null, person.subjectRef.toString('hex'));
    if (fault !== null) report(fault[0], link.index, link.entryId, fault[1]);
  });
}

function linkFault({ index, facts }: Link, before: Link | null, ref: string): readonly [string, string] | null {
  const { n, prev, ref: own } = facts.subject;
  const known = before?.facts.subject.n ?? 0;
  if (before !== null && n === known) return ['chain_forked', `a person's chain has two entries with the number ${n}`];
  if (n !== known + 1) return ['chain_gap', `a person's chain lacks what comes before entry ${n}`];
  if (prev !== (before?.commitment.toString('hex') ?? null))
    return ['chain_broken', `entry ${n} of a person's chain does not follow the one before it`];
  if (own !== ref) return ['chain_subject', `entry ${n} is of another person than its row says`];
  return isBefore(index, before)
    ? ['chain_order', `entry ${n} of a person's chain has its leaf before an earlier entry`]
    : null;
}

/** A leaf that comes before that of an earlier entry, which may have none yet. */
const isBefore = (index: number | null, before: Link | null): boolean =>
  before !== null && index !== null && (before.index ?? Infinity) > index;

interface Replayed {
  readonly statuses: readonly string[];
  readonly grant: Link | null;
  readonly withdrawal: Link | null;
}

/** What a person's row must say after these entries. */
function replay(chain: readonly Link[]): Replayed {
  let now: Replayed = { statuses: ['reply_only', 'suppressed'], grant: null, withdrawal: null };
  for (const link of chain) {
    const isGrant = link.facts.purposes?.includes('marketing.broadcast') === true;
    if (link.facts.kind === 'withdraw') now = { statuses: ['unsubscribed'], grant: null, withdrawal: link };
    else if (isGrant) now = { ...now, statuses: ['subscribed'], grant: link };
  }
  return now;
}

function auditRow(lead: KeyedLeadRow, chain: readonly Link[], report: Report): void {
  const now = replay(chain);
  const last = chain.at(-1);
  const faults = [
    [namesEnd(lead, last), 'lead_chain', "a person's row names another end of the chain than the ledger has"],
    [now.statuses.includes(lead.status), 'lead_status', "a person's status is not what the ledger says"],
    [namesGrant(lead, now.grant), 'lead_consent', "a person's row names another consent than the ledger has"],
    [
      same(lead.withdrawalCommitment, now.withdrawal?.commitment),
      'lead_withdrawal',
      "a person's row names another withdrawal than the ledger has",
    ],
  ] as const;
  for (const [holds, what, sentence] of faults) {
    if (!holds) report(what, last?.index ?? null, last?.entryId ?? null, sentence);
  }
}

const namesEnd = (lead: KeyedLeadRow, last: Link | undefined): boolean =>
  lead.chainN === (last?.facts.subject.n ?? 0) && same(lead.chainHead, last?.commitment);

const namesGrant = (lead: KeyedLeadRow, grant: Link | null): boolean =>
  lead.consentEntry === (grant?.entryId ?? null) &&
  same(lead.consentCommitment, grant?.commitment) &&
  lead.consentN === (grant?.facts.subject.n ?? null);

const same = (stored: Buffer | null, expected: Buffer | undefined): boolean =>
  stored === null ? expected === undefined : expected?.equals(stored) === true;
