import { randomUUID } from 'node:crypto';
import { skipPendingOfLead, skipRepliesOfLead } from '../../../../src/domain/delivery';
import {
  makeCarryOutErasures,
  makeGetErasure,
  makeRequestErasure,
  type ErasureView,
} from '../../../../src/domain/erasure';
import {
  makeCallRecipients,
  makeDropEndedCalls,
  makeRegisterRecipient,
  recordDisclosures,
  type CallRecipientsDeps,
  type PostOutcome,
  type RecipientPost,
  type RegisteredRecipient,
  type SealedCalls,
} from '../../../../src/domain/recipients';
import type { TestPage } from '../inbox/inbox-world';
import { openProofWorld, type Subscriber } from '../proof/proof-world';

export type RecipientsWorld = Awaited<ReturnType<typeof openRecipientsWorld>>;

/** People, recipients of their data, and a network that answers as it is told. */
export async function openRecipientsWorld() {
  const world = await openProofWorld();
  const { db, deps } = world;
  const posts: RecipientPost[] = [];
  let answer: (post: RecipientPost) => Promise<PostOutcome> = () => Promise.resolve({ kind: 'taken' });
  const calling = (over: Partial<CallRecipientsDeps> = {}): CallRecipientsDeps => ({
    ...deps,
    post: (post) => {
      posts.push(post);
      return answer(post);
    },
    ...over,
  });
  return {
    ...world,
    posts,
    answerWith: (next: typeof answer) => void (answer = next),
    calling,
    call: (over: Partial<CallRecipientsDeps> = {}) => makeCallRecipients(calling(over))(),
    dropEnded: () => makeDropEndedCalls(calling())(),
    register: (
      { accountId }: Pick<TestPage, 'accountId'>,
      receives: 'everyone' | 'disclosed',
      endpoint = 'https://recipient.example.com/hook',
    ): Promise<RegisteredRecipient> =>
      makeRegisterRecipient({ ...deps, onLoopback: true })({
        accountId,
        uuid: randomUUID(),
        name: 'Harbour Vouchers',
        purpose: 'Prints vouchers',
        country: 'DE',
        kind: 'integration',
        receives,
        endpoint,
      }),
    disclose: (page: TestPage, { uuid: recipientUuid }: { readonly uuid: string }, people: readonly Subscriber[]) =>
      db.transaction((tx) =>
        recordDisclosures(tx, {
          accountId: page.accountId,
          recipientUuid,
          leadUuids: people.map(({ uuid }) => uuid),
          at: world.now(),
        }),
      ),
    requestErasure: async ({ accountId }: TestPage, { uuid: leadUuid }: Subscriber): Promise<string> => {
      const request = makeRequestErasure({ ...deps, skipPendingOfLead, skipRepliesOfLead });
      const { erasure } = await request({ accountId, leadUuid, erasureUuid: randomUUID(), keepsMark: false });
      return erasure.uuid;
    },
    carryOut: (sealedCalls: SealedCalls = deps.sealedCalls) =>
      makeCarryOutErasures({
        ...deps,
        sealedCalls,
        keyRingCopy: null,
        dropBackupFiles: () => Promise.resolve(0),
      })(),
    erasureOf: ({ accountId }: TestPage, uuid: string): Promise<ErasureView> =>
      makeGetErasure({ db })({ accountId, uuid }),
    calls: () =>
      db.rows<{ state: string; attempts: number; code: string | null }>(
        'select state, attempts, last_code as code from recipient_call order by id',
      ),
    later: (ms: number) => {
      world.setNow(new Date(world.now().getTime() + ms));
    },
  };
}

/** Registers a recipient that is told of everybody. */
export const registerEveryone = (
  deps: Omit<Parameters<typeof makeRegisterRecipient>[0], 'onLoopback'>,
  { accountId }: Pick<TestPage, 'accountId'>,
  endpoint = 'http://127.0.0.1:9/',
): Promise<RegisteredRecipient> =>
  makeRegisterRecipient({ ...deps, onLoopback: true })({
    accountId,
    uuid: randomUUID(),
    name: 'Everyone',
    purpose: 'Tests',
    country: 'DE',
    kind: 'other',
    receives: 'everyone',
    endpoint,
  });
