import { recordAudit, type AuditDeps } from '../accounts';
import { openField } from '../../kernel/crypto/field-cipher';
import { findBroadcast, openDefinition } from '../broadcasts';
import { evidencePlace, historyOf, NONCE_BYTES, openEntries } from '../consent';
import {
  leadNotFound,
  leadTransaction,
  onRing,
  openLead,
  readLeadRow,
  tagNames,
  askedTokenSha256,
  type OpenLead,
} from '../leads';
import { suppressionMac, readNoticeBodies } from '../pages';
import { recipientsOfPerson } from '../recipients';
import type { Database, RowId, Sql, Tx } from '../sql.types';
import {
  findByToken,
  findOwn,
  isOnList,
  listPlaces,
  readHandedOut,
  readLeadFacts,
  readMessageFacts,
  readOwnEvents,
  readPlans,
  readReplyFacts,
  type MessageFacts,
  type PersonPlace,
} from './access.store';
import type { AccessAnswer } from './access.types';
import { NOT_SHOWN, sectionsOf, type PersonFacts } from './sections';

export interface AccessDeps extends AuditDeps {
  readonly db: Database;
  /** The key under which the account's own words are sealed. */
  readonly accountKey: (accountId: RowId) => Promise<Buffer>;
}

export interface AccessInput {
  readonly accountId: RowId;
  readonly leadUuid: string;
}

/**
 * Everything that is kept about a lead, for the account that answers them. That it was asked for is recorded, not of whom: the record
 * outlives the person's erasure.
 *
 * @throws {UserError} `lead_not_found`, also for a lead of another account
 */
export const makeAccessForAccount =
  (deps: AccessDeps) =>
  async ({ accountId, leadUuid }: AccessInput): Promise<AccessAnswer> => {
    const key = await deps.accountKey(accountId);
    return leadTransaction(deps, async (tx) => {
      const place = await findOwn(tx, accountId, leadUuid);
      const answer = place === undefined ? null : await readAnswer(tx, deps, place, key);
      if (answer === null) throw leadNotFound();
      await recordAudit(tx, deps, { accountId, kind: 'lead.access' });
      return answer;
    });
  };

/**
 * The same for the person themselves. Looks, and changes nothing.
 *
 * @param token the secret in the address of the person's own page
 * @returns null for an unknown token
 */
export const makeAccessForPerson =
  (deps: AccessDeps) =>
  async (token: string): Promise<AccessAnswer | null> => {
    const tokenSha256 = askedTokenSha256(token);
    const found = tokenSha256 === null ? undefined : await findByToken(deps.db, tokenSha256);
    if (tokenSha256 === null || found === undefined) return null;
    const key = await deps.accountKey(found.accountId);
    return leadTransaction(deps, async (tx) => {
      const place = await findByToken(tx, tokenSha256);
      return place === undefined ? null : readAnswer(tx, deps, place, key);
    });
  };

export interface AccessOfLead {
  readonly leadId: RowId;
  /** null for somebody who went in this moment. */
  readonly answer: AccessAnswer | null;
}

/**
 * The same of several people of an account, in the order of their rows, for its archive. It is not recorded here: whoever makes the
 * archive does that once.
 *
 * @param after the last one of the batch before; null for the first
 * @returns none when there are no more
 */
export const makeAccessOfMany =
  (deps: ReadDeps) =>
  async (accountId: RowId, after: RowId | null, limit: number): Promise<AccessOfLead[]> => {
    const key = await deps.accountKey(accountId);
    return leadTransaction(deps, async (tx) => {
      const found: AccessOfLead[] = [];
      for (const place of await listPlaces(tx, accountId, after ?? '0', limit))
        found.push({ leadId: place.leadId, answer: await readAnswer(tx, deps, place, key) });
      return found;
    });
  };

type ReadDeps = Omit<AccessDeps, 'ids'>;

async function readAnswer(tx: Tx, deps: ReadDeps, place: PersonPlace, key: Buffer): Promise<AccessAnswer | null> {
  const row = await readLeadRow(tx, place.leadId);
  if (row === undefined) return null;
  const person = openLead(deps.keyRing, { uuid: place.pageUuid }, row);
  return {
    format: 'assent-access/v1',
    made_at: deps.clock.now().toISOString(),
    page: { page_id: place.metaPageId, name: place.pageName },
    sections: sectionsOf(await readFacts(tx, deps, place, person, key)),
    not_shown: NOT_SHOWN,
  };
}

async function readFacts(
  tx: Tx,
  deps: ReadDeps,
  { leadId, accountId, pageId, pageUuid }: PersonPlace,
  { row, dek, psid }: OpenLead,
  key: Buffer,
): Promise<PersonFacts> {
  const lead = await readLeadFacts(tx, leadId);
  if (lead === undefined) throw leadNotFound();
  const withKey = { ...deps, accountKey: () => Promise.resolve(key) };
  const names = await tagNames(tx, withKey, accountId, lead.tagIds);
  const mac = onRing(pageUuid, () => suppressionMac(deps.keyRing, pageUuid, psid));
  return {
    psid,
    row,
    lead,
    tags: lead.tagIds.flatMap((id) => names.get(id) ?? []),
    entries: await readEntries(tx, pageId, leadId, dek),
    events: (await readOwnEvents(tx, leadId)).map(({ deliveryId, position, bytes }) =>
      openField(dek, evidencePlace(deliveryId, position), bytes).subarray(0, -NONCE_BYTES).toString('utf8'),
    ),
    messages: await readMessages(tx, leadId, key),
    replies: await readReplyFacts(tx, leadId),
    plans: await readPlans(tx, leadId),
    handedOut: await readHandedOut(tx, leadId),
    recipients: await recipientsOfPerson(tx, key, accountId, leadId),
    isOnList: await isOnList(tx, pageId, mac),
  };
}

async function readEntries(sql: Sql, pageId: RowId, leadId: RowId, dek: Buffer): Promise<PersonFacts['entries']> {
  const opened = await openEntries(sql, dek, leadId);
  const bodies = new Map(opened.map(({ entryId, body }) => [entryId, body.toString('utf8')]));
  const history = historyOf(opened);
  const named = history.flatMap(({ notice }) => (notice === null ? [] : [notice.sha256]));
  const wordings = await readNoticeBodies(sql, pageId, named);
  return history.map((entry) => ({
    ...entry,
    body: bodies.get(entry.entryId) ?? '',
    wording: entry.notice === null ? null : (wordings.get(entry.notice.sha256) ?? null),
  }));
}

/** With what was sent. A draft may have changed since it was tested, so of a test the content is not known. */
async function readMessages(sql: Sql, leadId: RowId, key: Buffer): Promise<PersonFacts['messages']> {
  const messages = await readMessageFacts(sql, leadId);
  const contents = new Map<string, object>();
  const wasSent = ({ isTest, authorisedAt }: MessageFacts): boolean => !isTest && authorisedAt !== null;
  for (const message of messages) {
    const { broadcastUuid } = message;
    if (broadcastUuid === null || !wasSent(message) || contents.has(broadcastUuid)) continue;
    const broadcast = await findBroadcast(sql, broadcastUuid);
    if (broadcast !== undefined) contents.set(broadcastUuid, openDefinition(key, broadcast).message);
  }
  return messages.map((message) => ({
    ...message,
    content: wasSent(message) ? (contents.get(message.broadcastUuid ?? '') ?? null) : null,
  }));
}
