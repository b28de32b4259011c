import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accountKey, makeCreateAccount } from '../../../../src/domain/accounts';
import { contentSha256, makeRulesAt, type BroadcastMessage } from '../../../../src/domain/broadcasts';
import { sealDefinition } from '../../../../src/domain/broadcasts/definition';
import type { AppendDeps } from '../../../../src/domain/consent';
import {
  makeLogSends,
  makeSendChunk,
  makeSendReplies,
  queueReply,
  skipPendingOfLead,
  type SendCall,
  type SendChunkDeps,
  type SendRepliesDeps,
  type SendResult,
  type Sender,
} from '../../../../src/domain/delivery';
import { TOO_LATE } from '../../../../src/domain/delivery/sender-port.types';
import type { SendOutcome } from '../../../../src/domain/delivery/sender.types';
import { createLead, leadTransaction, placePerson } from '../../../../src/domain/leads';
import { insertPage } from '../../../../src/domain/pages/page.store';
import { sealToken } from '../../../../src/domain/pages/page-token';
import type { RowId } from '../../../../src/domain/sql.types';
import { makeErasureLink } from '../../../../src/domain/erasure';
import { makeUnsubscribeLead, makeWithdrawLead } from '../../../../src/domain/unsubscribe';
import { systemClock } from '../../../../src/kernel/clock';
import { randomIds } from '../../../../src/kernel/ids';
import { openKeyRing, postgresRingRegistry } from '../../../../src/platform/keyring';
import { openDatabase, type OpenDatabase } from '../../../../src/platform/postgres/database';
import { createTestDatabase } from '../../../support/database';

export interface WorldPage {
  readonly id: RowId;
  readonly uuid: string;
  readonly accountId: RowId;
  readonly metaPageId: string;
}

export interface WorldLead {
  readonly id: RowId;
  readonly uuid: string;
  readonly psid: string;
  readonly dek: Buffer;
}

export interface WorldBroadcast {
  readonly id: RowId;
  readonly uuid: string;
}

export interface SeenCall {
  readonly psid: string;
  readonly kind: 'd' | 'r';
  readonly uuid: string;
  readonly attempt: number;
  readonly atMs: number;
  readonly body: { messaging_type: string; message: Record<string, unknown> };
  readonly token: string;
}

export const DEFAULT_TOKEN = 'token-of-the-page';
export const accepted = (call: SeenCall): SendOutcome => ({
  kind: 'accepted',
  messageId: `m_${call.uuid}_${call.attempt}`,
  recipientId: call.psid,
});

/** The Send API as a test wants it; it keeps to the port: nothing leaves once `mayStart` has said no. */
export class ScriptedSender implements Sender {
  readonly calls: SeenCall[] = [];
  answer: (call: SeenCall) => SendOutcome | Promise<SendOutcome> = accepted;
  /** Runs before the call may start, as a new connection would. */
  connect: () => Promise<void> | null = () => null;

  async send({ token, bodyText, mayStart }: SendCall): Promise<SendOutcome> {
    const connecting = this.connect();
    if (connecting !== null) await connecting;
    if (!mayStart()) return { kind: 'not-sent', cause: TOO_LATE };
    const body = JSON.parse(bodyText) as SeenCall['body'] & { recipient: { id: string } };
    const [, , kind, uuid, attempt] = String(body.message['metadata']).split(':');
    const call: SeenCall = {
      psid: body.recipient.id,
      kind: kind as 'd' | 'r',
      uuid: uuid!,
      attempt: Number(attempt),
      atMs: performance.now(),
      body,
      token,
    };
    this.calls.push(call);
    return this.answer(call);
  }
}

export interface DeliveryRow {
  readonly seq: number;
  readonly status: string;
  readonly reason: string | null;
  readonly attempt: number;
  readonly uuid: string | null;
  readonly failures: number;
  readonly dueAt: Date | null;
  readonly claimedAt: Date | null;
  readonly postStartedAt: Date | null;
  readonly settledAt: Date | null;
  readonly deliveredAt: Date | null;
  readonly readAt: Date | null;
  readonly sendsEntry: string | null;
  readonly position: number | null;
  readonly errorCode: number | null;
  readonly hasMid: boolean;
  readonly leadId: RowId | null;
  readonly path: string | null;
  readonly consentEntry: string | null;
  readonly subjectN: number | null;
}

export type DeliveryWorld = Awaited<ReturnType<typeof openDeliveryWorld>>;

/** A real database and key ring, leads that may be written to, and a Send API under the test's control. */
export async function openDeliveryWorld() {
  const database = await createTestDatabase();
  const db = await openDatabase({ url: database.url, poolSize: 16, applicationName: 'assent-test' });
  const dir = mkdtempSync(join(tmpdir(), 'assent-keys-'));
  const seal = randomBytes(32);
  const clock = systemClock;
  const ids = randomIds;
  const open = () => openKeyRing({ dir, seals: [seal], registry: postgresRingRegistry(db), clock, ids });
  const keyRing = await open();
  const { account } = await makeCreateAccount({ db, keyRing, clock, ids })({
    email: 'ann@example.com',
    name: 'A Shop',
  });
  const logged: string[] = [];
  const log = {
    event: (name: string) => void logged.push(name),
    warn: (name: string) => void logged.push(name),
    error: (name: string) => void logged.push(name),
  };
  const append: AppendDeps = { keyRing, clock, ids, logOrigin: 'test.example/consent' };
  const sender = new ScriptedSender();
  const unsubscribeDeps = { ...append, db, queueReply, skipPendingOfLead };
  const deps: SendChunkDeps & SendRepliesDeps = {
    ...append,
    db,
    log,
    sender,
    accountKey: (accountId) => accountKey(db, keyRing, accountId),
    rulesAt: makeRulesAt({ adWindow: false }),
    logSends: makeLogSends(append),
    withdrawLead: makeWithdrawLead(unsubscribeDeps),
    publicUrl: 'https://assent.example',
    erasureLink: makeErasureLink({ db, publicUrl: 'https://assent.example' }),
  };
  const world = {
    db,
    keyRing,
    deps,
    append,
    sender,
    logged,
    accountId: account.id,
    openKeyRingAgain: open,
    unsubscribe: (lead: WorldLead) =>
      makeUnsubscribeLead(unsubscribeDeps)({ accountId: account.id, leadUuid: lead.uuid, via: 'api' }),
    addPage: (rate = 300) => addPage(db, keyRing, account.id, rate),
    addLead: (page: WorldPage) => addLead(deps, page),
    addLeads: async (page: WorldPage, count: number) => {
      const leads: WorldLead[] = [];
      for (let n = 0; n < count; n += 1) leads.push(await addLead(deps, page));
      return leads;
    },
    addBroadcast: (pages: readonly WorldPage[], message?: BroadcastMessage) =>
      addBroadcast(deps, account.id, pages, message),
    rows: (broadcast: WorldBroadcast): Promise<DeliveryRow[]> =>
      db.rows<DeliveryRow>(
        `select seq, status, reason, attempt, public_id as uuid, transient_failures as failures, due_at as "dueAt",
           claimed_at as "claimedAt", post_started_at as "postStartedAt", settled_at as "settledAt",
           delivered_at as "deliveredAt", read_at as "readAt", sends_entry as "sendsEntry", sends_position as position,
           error_code as "errorCode", mid_ct is not null as "hasMid", lead_id as "leadId", path,
           consent_entry as "consentEntry", subject_n as "subjectN"
          from delivery where broadcast_id = $1 order by seq`,
        [broadcast.id],
      ),
    sendOnce: (
      broadcast: WorldBroadcast,
      page: WorldPage,
      signal?: AbortSignal,
      lane: 0 | 1 = 0,
    ): Promise<SendResult> =>
      makeSendChunk(deps)(
        { broadcastId: broadcast.uuid, pageId: page.uuid, generation: 1, lane },
        signal ?? new AbortController().signal,
      ),
    /** Runs chunk after chunk, waiting as told, until nothing is left to do. */
    sendAll: async (broadcast: WorldBroadcast, page: WorldPage, lane: 0 | 1 = 0): Promise<void> => {
      for (;;) {
        const result = await world.sendOnce(broadcast, page, undefined, lane);
        if (result.kind === 'idle') return;
        if (result.kind === 'wait') await new Promise((resolve) => setTimeout(resolve, result.delayMs));
      }
    },
    repliesOnce: (page: WorldPage, nudge = 'a nudge'): Promise<SendResult> =>
      makeSendReplies(deps)({ pageId: page.uuid, nudge }, new AbortController().signal),
    close: async () => {
      await db.close();
      await database.drop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return world;
}

async function addPage(
  db: OpenDatabase,
  keyRing: SendChunkDeps['keyRing'],
  accountId: RowId,
  ratePerSecond: number,
): Promise<WorldPage> {
  const uuid = randomUUID();
  const metaPageId = String(BigInt(`0x${randomBytes(6).toString('hex')}`) + 10n ** 14n);
  await keyRing.createPageRing(uuid);
  const id = await db.transaction((tx) =>
    insertPage(tx, {
      uuid,
      accountId,
      metaPageId,
      tokenCt: sealToken(keyRing, uuid, DEFAULT_TOKEN),
      settings: {
        name: 'Test Page',
        optInMode: 'conversation_start',
        basis: 'gdpr.6.1.a',
        addressesEea: false,
        ratePerSecond,
        timeZone: 'UTC',
        quietHours: null,
      },
      at: new Date(),
    }),
  );
  const body = 'I am the automated assistant of Test Page. News once a week.';
  await db.run(
    `insert into notice (page_id, version, language, surface, body, sha256, created_at)
     values ($1, 1, 'en', 'messenger_welcome', $2, $3, now())`,
    [id, body, createHash('sha256').update(body).digest()],
  );
  await db.run('update page set notice_version = 1 where id = $1', [id]);
  return { id: id!, uuid, accountId, metaPageId };
}

/** Where the consent of a lead made here counts as signed: far from what a sequencer would give. */
export const leafIndexOf = (leadId: RowId): number => 1_000_000_000 + Number(leadId);

async function addLead(deps: SendChunkDeps & SendRepliesDeps, page: WorldPage): Promise<WorldLead> {
  const psid = String(BigInt(`0x${randomBytes(6).toString('hex')}`) + 10n ** 15n);
  const contact = { lastInboundAt: new Date(), lastAdMessageAt: null, refIndex: null };
  return leadTransaction(deps, async (tx) => {
    const place = await placePerson(tx, deps, page, psid);
    const { row, dek } = await createLead(tx, deps, page, place, {
      psid,
      status: 'subscribed',
      at: new Date(),
      contact,
    });
    const entryId = randomUUID();
    await tx.run(
      `update lead set chain_n = 1, chain_head = $2, consent_entry = $3, consent_commitment = $2, consent_n = 1,
         opted_in_at = now(), last_inbound_at = now(), notice_shown_at = now(), notice_version = 1 where id = $1`,
      [row.id, randomBytes(32), entryId],
    );
    await tx.run('insert into ledger_leaf (leaf_index, entry_id) values ($1, $2)', [leafIndexOf(row.id), entryId]);
    return { id: row.id, uuid: row.uuid, psid, dek };
  });
}

const MESSAGE: BroadcastMessage = { text: 'Hello {{first_name|there}}, "news" today' };

/** As frozen: one pending row for every lead of the Pages, whatever its state. */
async function addBroadcast(
  deps: SendChunkDeps,
  accountId: RowId,
  pages: readonly WorldPage[],
  message: BroadcastMessage = MESSAGE,
): Promise<WorldBroadcast> {
  const uuid = randomUUID();
  const definition = { name: 'News', message, audience: { byLead: false } };
  const row = await deps.db.first<{ id: RowId }>(
    `insert into broadcast (public_id, account_id, definition_ct, content_sha256, purpose, status, out_of_window,
       launched_at, frozen_at, created_at, updated_at)
     values ($1, $2, $3, $4, 'promotional', 'sending', 'skip', now(), now(), now(), now()) returning id`,
    [
      uuid,
      accountId,
      sealDefinition(await deps.accountKey(accountId), uuid, definition),
      Buffer.from(contentSha256(message), 'hex'),
    ],
  );
  const pageIds = pages.map((page) => page.id);
  await deps.db.run(
    `insert into broadcast_page (broadcast_id, page_id, state, generation) select $1, unnest($2::bigint[]), 'open', 1`,
    [row!.id, pageIds],
  );
  await deps.db.run(
    `insert into delivery (broadcast_id, seq, page_id, lead_id, status, rule_version, due_at)
     select $1, row_number() over (order by id), page_id, id, 'pending', 'frozen', now() - interval '1 second'
      from lead where page_id = any($2::bigint[])`,
    [row!.id, pageIds],
  );
  return { id: row!.id, uuid };
}
