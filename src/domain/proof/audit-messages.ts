import { batchesOf } from '../../kernel/batches';
import { InvariantError } from '../../kernel/errors';
import { NONCE_BYTES } from '../consent';
import type { Tx } from '../sql.types';
import { consentFault, type ChainLink, type Fault } from './audit-chain.rules';
import {
  BEFORE_ALL,
  readLoggedMessages,
  readLostAttempts,
  readMiscounted,
  readUnauthorised,
  readUntold,
  readUnowned,
  type AuditedLead,
  type AuditedMessage,
  type MessagePlace,
  type StrayMessage,
} from './audit-people.store';
import { systemFacts } from './audit-system';
import type { Report } from './audit.types';
import { rebuildMessage } from './open-people';

const BATCH_MESSAGES = 500;

export interface OpenedLead {
  readonly lead: AuditedLead;
  /** Null when nothing opens what is theirs. */
  readonly dek: Buffer | null;
  readonly chain: readonly ChainLink[];
}

export interface AuditMessagesDeps {
  readonly logOrigin: string;
}

/** Rebuilds every message that was authorised to these people. @returns how many */
export async function auditMessages(
  tx: Tx,
  deps: AuditMessagesDeps,
  people: readonly OpenedLead[],
  report: Report,
): Promise<number> {
  const byId = new Map(people.map((person) => [person.lead.id, person]));
  let count = 0;
  const first: MessagePlace = { leadId: BEFORE_ALL, broadcastId: BEFORE_ALL, uuid: null, attempt: 0 };
  const batches = batchesOf<AuditedMessage>((last) =>
    readLoggedMessages(tx, [...byId.keys()], last ?? first, BATCH_MESSAGES),
  );
  for await (const rows of batches) {
    for (const row of rows) {
      const fault = messageFault(deps, byId.get(row.leadId), row);
      if (fault !== null) report(fault[0], leafOf(row.sendsIndex), row.sendsEntry, fault[1]);
    }
    count += rows.length;
  }
  return count;
}

const leafOf = (index: string | null): number | null => (index === null ? null : Number(index));

const CHANGED: Fault = ['message_changed', 'a message is not what was authorised at its place'];

function messageFault(deps: AuditMessagesDeps, person: OpenedLead | undefined, row: AuditedMessage): Fault | null {
  if (person === undefined || !isRebuilt(deps, person, row)) return CHANGED;
  const { consentEntry, subjectN, sendsIndex, claimedAt } = row;
  if (consentEntry === null || subjectN === null || claimedAt === null) return CHANGED;
  return consentFault({ consentEntry, subjectN, claimedAt, sendsIndex: leafOf(sendsIndex) }, person.chain);
}

function isRebuilt(deps: AuditMessagesDeps, { lead, dek, chain }: OpenedLead, row: AuditedMessage): boolean {
  const { metaPageId, subjectRef } = lead;
  const { uuid, attempt, path, consentEntry, subjectN, claimedAt, position, broadcastUuid, commitments } = row;
  if (dek === null || metaPageId === null || !row.isOwn || !isOfItsKind(row)) return false;
  const parts = { uuid, attempt, path, consentEntry, subjectN, claimedAt, position, broadcastUuid, commitments };
  if (!isComplete(parts)) return false;
  try {
    return rebuildMessage(deps, { metaPageId, subjectRef }, dek, chain, parts) !== null;
  } catch (error) {
    // A row can be edited into something no message ever was.
    if (error instanceof InvariantError) return false;
    throw error;
  }
}

/** The entry says which messages were tests. */
const isOfItsKind = ({ isTest, sendsOpening }: AuditedMessage): boolean =>
  sendsOpening !== null && isTest === (systemFacts(sendsOpening.subarray(0, -NONCE_BYTES))?.test === true);

const isComplete = <T extends object>(parts: T): parts is { [K in keyof T]: NonNullable<T[K]> } =>
  Object.values(parts).every((part) => part !== null);

export interface StrayDeps {
  readonly isErasing: boolean;
  /** See `ToldFacts`. */
  readonly firstKeyLeaf: number | null;
}

/** Messages that belong to nobody, that no entry authorised, or that are gone. */
export async function auditStrayMessages(
  tx: Tx,
  { isErasing, firstKeyLeaf }: StrayDeps,
  report: Report,
): Promise<void> {
  const say = (what: string, sentence: string, rows: readonly StrayMessage[]): void => {
    for (const { index, entryId } of rows) report(what, leafOf(index), entryId, sentence);
  };
  say('message_unlogged', 'a message left, by its row, that no entry authorised', await readUnauthorised(tx));
  if (!isErasing) say('message_unowned', 'a message was authorised to a person who is gone', await readUnowned(tx));
  say('attempt_missing', 'an earlier attempt of a message is not stored', await readLostAttempts(tx));
  if (firstKeyLeaf !== null)
    say(
      'attempt_missing',
      'a chunk authorised another number of attempts than rows tell of',
      await readUntold(tx, firstKeyLeaf),
    );
  const sentence = 'a broadcast was authorised to send another number of messages than its rows tell of';
  say('messages_miscounted', sentence, await readMiscounted(tx));
}
