import { groupBy } from '../../kernel/group-by';
import { findBroadcast, windowEdges, type BroadcastRow, type RulesAt } from '../broadcasts';
import type { KeyRing } from '../keyring.types';
import type { RowId, Tx } from '../sql.types';
import { insertLoggedTests, readClaimTime, readTestGrants, type LoggedTest, type TestGrant } from './claim-tests.store';
import type { SendPageRow } from './delivery.types';
import type { LogSends, LoggedRecipient } from './log-sends';
import { openRecipient } from './open-recipient';
import type { PickedReply } from './reply.store';
import type { OpenedReply } from './write-reply';

export interface ClaimTestsDeps {
  readonly keyRing: KeyRing;
  readonly rulesAt: RulesAt;
  readonly logSends: LogSends;
}

export interface TestsClaim {
  readonly opened: readonly OpenedReply[];
  readonly skipped: readonly { readonly id: RowId; readonly reason: string }[];
  /** Their consent is not inside a signed checkpoint yet, which takes less than a second. */
  readonly notYet: readonly RowId[];
}

/** What a test rests on, all of it there. */
type WholeGrant = {
  readonly [Part in 'consentEntry' | 'consentCommitment' | 'consentIndex' | 'path']: NonNullable<TestGrant[Part]>;
} & Pick<TestGrant, 'subjectRef' | 'chainN'>;

interface DueTest {
  readonly opened: OpenedReply;
  readonly grant: WholeGrant;
}

/**
 * Judges picked tests by the rules of every broadcast, and logs those that may go as authorised: one entry for each broadcast that
 * is tested. Needs their leads locked; the caller settles the replies in the same transaction.
 */
export async function claimTests(
  tx: Tx,
  deps: ClaimTestsDeps,
  page: SendPageRow,
  picked: readonly PickedReply[],
): Promise<TestsClaim> {
  if (picked.length === 0) return { opened: [], skipped: [], notYet: [] };
  const at = await readClaimTime(tx);
  const leadIds = picked.map(({ leadId }) => leadId);
  const edges = windowEdges(deps.rulesAt(at), at);
  const grants = new Map((await readTestGrants(tx, leadIds, at, edges)).map((grant) => [grant.leadId, grant]));
  const skipped: { id: RowId; reason: string }[] = [];
  const notYet: RowId[] = [];
  const due: { reply: PickedReply; grant: WholeGrant }[] = [];
  for (const reply of picked) {
    const grant = grants.get(reply.leadId);
    const reason = grant === undefined ? 'erased' : grant.reason;
    if (reason !== null) skipped.push({ id: reply.id, reason });
    else if (grant !== undefined && isWhole(grant)) due.push({ reply, grant });
    else notYet.push(reply.id);
  }
  const opened: OpenedReply[] = [];
  for (const [uuid, tests] of groupBy(due, ({ reply }) => reply.broadcastUuid ?? '')) {
    const broadcast = uuid === '' ? undefined : await findBroadcast(tx, uuid);
    const ofOne = tests.map(({ reply, grant }): DueTest => {
      const recipient = openRecipient(deps.keyRing, page.uuid, reply);
      return { opened: { reply, ...recipient, tested: broadcast ?? null }, grant };
    });
    if (broadcast !== undefined) await logTests(tx, deps, { page, broadcast, at }, ofOne);
    opened.push(...ofOne.map((test) => test.opened));
  }
  return { opened, skipped, notYet };
}

const isWhole = (grant: TestGrant): grant is TestGrant & WholeGrant =>
  grant.consentEntry !== null && grant.consentCommitment !== null && grant.consentIndex !== null && grant.path !== null;

async function logTests(
  tx: Tx,
  { logSends }: ClaimTestsDeps,
  { page, broadcast, at }: { readonly page: SendPageRow; readonly broadcast: BroadcastRow; readonly at: Date },
  tests: readonly DueTest[],
): Promise<void> {
  const { entryId } = await logSends(tx, { page, broadcast, isTest: true, at, recipients: tests.map(recipientOf) });
  await insertLoggedTests(tx, { broadcast, pageId: page.id, at, entryId }, tests.map(loggedTest));
}

const recipientOf = ({ opened: { reply, psid, dek }, grant }: DueTest): LoggedRecipient => ({
  deliveryUuid: reply.uuid,
  attempt: reply.attempt + 1,
  psid,
  dek,
  path: grant.path,
  consentC: grant.consentCommitment,
  consentIndex: Number(grant.consentIndex),
  subjectRef: grant.subjectRef,
  n: grant.chainN,
});

const loggedTest = ({ opened: { reply }, grant }: DueTest, position: number): LoggedTest => ({
  replyUuid: reply.uuid,
  attempt: reply.attempt + 1,
  leadId: reply.leadId,
  path: grant.path,
  consentEntry: grant.consentEntry,
  subjectN: grant.chainN,
  position,
});
