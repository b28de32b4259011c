import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createHash, randomUUID, sign } from 'node:crypto';
import { makeCreateAccount } from '../../../../src/domain/accounts';
import type { OptInMode } from '../../../../src/domain/lead-status.types';
import { makeLogSends } from '../../../../src/domain/delivery';
import { insertLoggedTests } from '../../../../src/domain/delivery/claim-tests.store';
import { keepEarlierAttempts } from '../../../../src/domain/delivery/claim.store';
import { leadTransaction, lockLeadRow, openLead } from '../../../../src/domain/leads';
import { anchorServices, logVkey, makeAnchorCheckpoints, makeSequence } from '../../../../src/domain/ledger';
import { appendLeadEntry, appendSystemEntry } from '../../../../src/domain/consent';
import type { Tx } from '../../../../src/domain/sql.types';
import { randomIds } from '../../../../src/kernel/ids';
import { noteSigner, parseVkey, vkeyOf } from '../../../../src/domain/ledger/note.rules';
import { ROOT } from '../../../support/program';
import type { TestTsa } from '../../../support/test-tsa';

import { message, newPsid, NOTICE_BODY, openInboxWorld, type InboxWorld, type TestPage } from '../inbox/inbox-world';
import { memoryLeafCopy } from '../../../support/leaf-copy';

export interface Subscriber {
  readonly psid: string;
  readonly id: string;
  readonly uuid: string;
}

export type ProofWorld = Awaited<ReturnType<typeof openProofWorld>>;

export interface SentMessage {
  readonly broadcastId: string;
  readonly broadcastUuid: string;
  readonly leadIds: readonly string[];
  readonly deliveryUuids: readonly string[];
}

const tool = (name: string): Buffer => readFileSync(path.join(ROOT, 'tools', name));

/** People made by signed webhooks, chunks claimed for them, and a log that signs what they did. */
export interface Outside {
  readonly tsa?: TestTsa;
  readonly witnessSeed: Buffer;
}

const WITNESS_NAME = 'witness.test/w1';

/** A witness that cosigns whatever it is given, at this moment. */
function obligingWitness(seed: Buffer, now: () => Date) {
  const signer = noteSigner(WITNESS_NAME, seed);
  const vkey = vkeyOf(signer, 4);
  const ask = (body: string) => {
    const note = body.slice(body.indexOf('\n\n') + 2);
    const text = note.slice(0, note.indexOf('\n\n') + 1);
    const seconds = Math.floor(now().getTime() / 1000);
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(BigInt(seconds));
    const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${String(seconds)}\n${text}`), signer.privateKey);
    const line = Buffer.concat([parseVkey(vkey)!.keyId, time, signature]).toString('base64');
    return Promise.resolve({ status: 200, text: `\u2014 ${WITNESS_NAME} ${line}\n` });
  };
  return { vkey, ask };
}

export async function openProofWorld(outside?: Outside) {
  const inbox = await openInboxWorld();
  const { deps, db, keyRing } = inbox;
  let copy: string | null = null;
  const checkpointCopy = {
    read: () => Promise.resolve(copy),
    write: (note: string) => {
      copy = note;
      return Promise.resolve();
    },
  };
  const leafCopy = memoryLeafCopy();
  const newAccount = async (): Promise<string> => {
    const create = makeCreateAccount(deps);
    const { account } = await create({ email: `${randomUUID()}@example.com`, name: 'A Shop' });
    return account.id;
  };
  const sequence = makeSequence({ ...deps, checkpointCopy, leafCopy });
  const tsa = outside?.tsa;
  const witnesses = outside === undefined ? [] : [obligingWitness(outside.witnessSeed, () => inbox.now())];
  const services = anchorServices({
    clock: deps.clock,
    ids: randomIds,
    selfSeed: keyRing.systemKey('self-timestamp'),
    authority:
      tsa === undefined
        ? null
        : { name: 'tsa.test', ask: (request) => Promise.resolve(tsa.reply(request)), authorities: [] },
    witnesses,
  });
  const anchor = makeAnchorCheckpoints({ ...deps, services });
  const bundleDeps = {
    ...deps,
    witnessVkeys: witnesses.map(({ vkey }) => vkey),
    byHandScript: tool('verify-by-hand.sh'),
    verifierSha256: Buffer.from('0'.repeat(64) + '  assent-verify.mjs\n'),
  };
  /** Shows the notice to a lead, as the welcome's acceptance does. */
  const showNotice = (page: TestPage, leadId: string) =>
    leadTransaction(deps, async (tx) => {
      const lead = openLead(keyRing, page, (await lockLeadRow(tx, leadId))!);
      await appendLeadEntry(tx, deps, lead, page, {
        kind: 'notice_shown',
        notice: {
          version: 1,
          language: 'en',
          surface: 'messenger_welcome',
          sha256: createHash('sha256').update(NOTICE_BODY).digest(),
        },
        mid: 'm_welcome',
      });
      await tx.run('update lead set notice_shown_at = now(), notice_version = 1 where id = $1', [leadId]);
    });
  return {
    ...inbox,
    /** Of an account of its own, whose key opens its audit log. */
    newPage: async (options: { optInMode?: OptInMode; accountId?: string } = {}) => {
      const accountId = options.accountId ?? (await newAccount());
      return inbox.newPage({ ...options, accountId });
    },
    /** What connecting the Page leaves in the log. */
    logPage: (page: TestPage) => db.transaction((tx) => logPage(tx, deps, page)),
    checkpointCopy,
    leafCopy,
    sequence,
    /** Lets every service look at the newest checkpoint now. */
    anchor: async () => {
      await db.run(`update anchor_service set due_at = '-infinity'`);
      return anchor();
    },
    bundleDeps,
    vkey: logVkey(keyRing, deps.logOrigin),
    showNotice,
    /** Somebody who wrote, was shown the notice, and whose consent is signed. */
    subscribe: async (page: TestPage, words = 'hello'): Promise<Subscriber> => {
      const psid = newPsid();
      await inbox.deliver(page, message(page, psid, inbox.now(), words));
      const { id, uuid } = (await inbox.leadOf(page, psid))!;
      await showNotice(page, id);
      await sequence();
      return { psid, id, uuid };
    },
    sendTo: (page: TestPage, leadIds: readonly string[], options: SendOptions = {}) =>
      sendTo(inbox, page, leadIds, options),
    sendAgain: (page: TestPage, sent: SentMessage) => sendAgain(inbox, page, sent),
    sendTest: (page: TestPage, leadIds: readonly string[], of: Pick<SentMessage, 'broadcastId' | 'broadcastUuid'>) =>
      sendTest(inbox, page, leadIds, of),
  };
}

async function logPage(tx: Tx, deps: InboxWorld['deps'], { id, metaPageId, accountId }: TestPage): Promise<void> {
  const sha256 = createHash('sha256').update(NOTICE_BODY).digest();
  const notice = { version: 1, language: 'en', surface: 'messenger_welcome', sha256 };
  await appendSystemEntry(tx, deps, accountId, { kind: 'notice', metaPageId, notice });
  const { optInMode, basis } = (await tx.first<{ optInMode: string; basis: string }>(
    'select opt_in_mode as "optInMode", basis from page where id = $1',
    [id],
  ))!;
  await appendSystemEntry(tx, deps, accountId, { kind: 'settings', metaPageId, optInMode, basis });
}

export interface SendOptions {
  readonly hasIndex?: boolean;
  /** Messages of one entry; all of them, unless told. */
  readonly chunk?: number;
}

/** Authorises one message to each of these leads, with the rows a claim leaves. */
async function sendTo(
  world: InboxWorld,
  page: TestPage,
  leadIds: readonly string[],
  { hasIndex = true, chunk = leadIds.length }: SendOptions,
): Promise<SentMessage> {
  const broadcastUuid = randomUUID();
  const broadcast = (await world.db.first<{ id: string }>(
    `insert into broadcast (public_id, account_id, definition_ct, content_sha256, purpose, status, out_of_window, created_at,
       updated_at) values ($1, $2, '', $3, 'promotional', 'sending', 'skip', now(), now()) returning id`,
    [broadcastUuid, page.accountId, CONTENT_SHA256],
  ))!;
  const about = { id: broadcast.id, uuid: broadcastUuid };
  const deliveryUuids: string[] = [];
  for (let seq = 0; seq < leadIds.length; seq += chunk) {
    const messages = leadIds.slice(seq, seq + chunk).map((leadId) => ({ leadId, uuid: randomUUID(), attempt: 1 }));
    await leadTransaction(world.deps, async (tx) => {
      const { entryId, logged, at } = await logChunk(tx, world, { page, broadcast: about }, messages, hasIndex);
      for (const [position, { uuid, leadId, consentEntry, n }] of logged.entries()) {
        await tx.run(
          `insert into delivery (broadcast_id, seq, page_id, lead_id, status, path, consent_entry, rule_version, attempt,
             public_id, sends_entry, sends_position, subject_n, claimed_at)
           values ($1, $2, $3, $4, 'accepted', 'standard', $5, 'test', 1, $6, $7, $8, $9, $10)`,
          [broadcast.id, seq + position, page.id, leadId, consentEntry, uuid, entryId, position, n, at],
        );
      }
    });
    deliveryUuids.push(...messages.map(({ uuid }) => uuid));
  }
  return { broadcastUuid, broadcastId: broadcast.id, leadIds, deliveryUuids };
}

/** Authorises the next attempt of messages, as a claim of what is tried again. */
function sendAgain(world: InboxWorld, page: TestPage, sent: SentMessage): Promise<void> {
  return leadTransaction(world.deps, async (tx) => {
    const { broadcastId, broadcastUuid, leadIds, deliveryUuids } = sent;
    const before = await tx.rows<{ seq: number; attempt: number }>(
      `update delivery set status = 'pending' where broadcast_id = $1 returning seq, attempt`,
      [broadcastId],
    );
    await keepEarlierAttempts(
      tx,
      broadcastId,
      before.map(({ seq }) => seq),
    );
    const attempt = (before[0]?.attempt ?? 0) + 1;
    const messages = leadIds.map((leadId, place) => ({ leadId, uuid: deliveryUuids[place] ?? '', attempt }));
    const about = { id: broadcastId, uuid: broadcastUuid };
    const { entryId, logged, at } = await logChunk(tx, world, { page, broadcast: about }, messages, true);
    for (const [position, { uuid, consentEntry, n }] of logged.entries()) {
      await tx.run(
        `update delivery set status = 'accepted', attempt = $2, consent_entry = $3, sends_entry = $4, sends_position = $5,
           subject_n = $6, claimed_at = $7 where public_id = $1`,
        [uuid, attempt, consentEntry, entryId, position, n, at],
      );
    }
  });
}

/** Authorises a test of a broadcast to each of these leads. */
function sendTest(
  world: InboxWorld,
  page: TestPage,
  leadIds: readonly string[],
  sent: Pick<SentMessage, 'broadcastId' | 'broadcastUuid'>,
): Promise<string[]> {
  return leadTransaction(world.deps, async (tx) => {
    const broadcast = { id: sent.broadcastId, uuid: sent.broadcastUuid };
    const messages = leadIds.map((leadId) => ({ leadId, uuid: randomUUID(), attempt: 1 }));
    const { entryId, logged, at } = await logChunk(tx, world, { page, broadcast, isTest: true }, messages, true);
    const tests = logged.map(({ uuid, leadId, consentEntry, n }, position) => ({
      replyUuid: uuid,
      attempt: 1,
      leadId,
      path: 'standard',
      consentEntry,
      subjectN: n,
      position,
    }));
    await insertLoggedTests(tx, { broadcast, pageId: page.id, at, entryId }, tests);
    return messages.map(({ uuid }) => uuid);
  });
}

const CONTENT_SHA256 = createHash('sha256').update('content').digest();

interface NewMessage {
  readonly leadId: string;
  readonly uuid: string;
  readonly attempt: number;
}

interface ChunkOf {
  readonly page: TestPage;
  readonly broadcast: { readonly id: string; readonly uuid: string };
  readonly isTest?: boolean;
}

async function logChunk(
  tx: Tx,
  world: InboxWorld,
  { page, broadcast, isTest = false }: ChunkOf,
  messages: readonly NewMessage[],
  hasIndex: boolean,
) {
  const at = world.now();
  const logged = [];
  for (const { leadId, uuid, attempt } of messages) {
    const row = (await lockLeadRow(tx, leadId))!;
    const { psid, dek } = openLead(world.keyRing, page, row);
    const leaf = await tx.first<{ index: string }>('select leaf_index as index from ledger_leaf where entry_id = $1', [
      row.consentEntry,
    ]);
    logged.push({
      deliveryUuid: uuid,
      attempt,
      psid,
      dek,
      path: 'standard' as const,
      consentC: row.consentCommitment!,
      consentIndex: hasIndex ? Number(leaf!.index) : (null as unknown as number),
      subjectRef: row.subjectRef,
      n: row.chainN,
      uuid,
      leadId: row.id,
      consentEntry: row.consentEntry!,
    });
  }
  const { entryId } = await makeLogSends(world.deps)(tx, {
    page,
    broadcast: { ...broadcast, contentSha256: CONTENT_SHA256 },
    isTest,
    at,
    recipients: logged,
  });
  return { entryId, logged, at };
}
