import { createPublicKey, verify } from 'node:crypto';
import { accountKey, makeAuthenticate, makeCreateAccount, SCOPES } from '../../../../src/domain/accounts';
import { makeExpireTokens } from '../../../../src/domain/consent';
import { skipPendingOfLead, skipRepliesOfLead } from '../../../../src/domain/delivery';
import {
  goneAccountMac,
  makeAskAccountErasure,
  makeCarryOutAccountErasures,
  makeCarryOutErasures,
  makeConfirmAccountErasure,
  makeForgetUnanswered,
  makeRequestErasure,
  makeShowAccountErasure,
  makeShowAskedErasure,
  type AskAccountErasureDeps,
  type CarryOutAccountErasuresDeps,
} from '../../../../src/domain/erasure';
import type { ErasedAccounts } from '../../../../src/domain/keyring.types';
import { makeOpenEveryPage, makeSettleBuckets } from '../../../../src/domain/leads';
import { makeListMails, makePost, makeSendMail, type MailContent } from '../../../../src/domain/mail';
import { makeReleasePages } from '../../../../src/domain/pages';
import { sealToken } from '../../../../src/domain/pages/page-token';
import { makeAuditLedger, makeLeadBundle } from '../../../../src/domain/proof';
import { makeApplyRetention } from '../../../../src/domain/retention';
import { randomIds } from '../../../../src/kernel/ids';
import { openDatabase, type OpenDatabase } from '../../../../src/platform/postgres/database';
import { until } from '../../../support/until';
import { openVerifier, type Verifier } from '../../../support/verifier';
import { message, newPsid, type TestPage } from '../inbox/inbox-world';
import { openProofWorld, type ProofWorld } from '../proof/proof-world';

const DAY_MS = 86_400_000;
const NAME = 'Harbour Coffee';
const EMAIL = 'owner@harbour.example';
let world: ProofWorld;
let verifier: Verifier;
let accountId: string;
let key: string;
let page: TestPage;
let calls: string[];
let unsubscribes: boolean;

beforeAll(async () => {
  world = await openProofWorld();
  verifier = openVerifier();
});
afterAll(async () => {
  verifier.close();
  await world.close();
});
beforeEach(async () => {
  calls = [];
  unsubscribes = true;
  const created = await makeCreateAccount(world.deps)({
    email: `${String(Date.now())}.${EMAIL}`,
    name: NAME,
    firstKeyScopes: SCOPES,
  });
  accountId = created.account.id;
  key = created.apiKey!.key;
  page = await world.newPage({ accountId });
  await world.logPage(page);
  const token = sealToken(world.keyRing, page.uuid, 'a token');
  await world.db.run('update page set token_ct = $2 where id = $1', [page.id, token]);
  await world.db.run('insert into page_pace (page_id, next_free_at) values ($1, now())', [page.id]);
});

const join = (on: TestPage) => world.subscribe(on);
const outbox = () => ({ ...world.deps, ids: randomIds, sender: null });
function mailServer() {
  const taken: MailContent[] = [];
  const send = (_id: string, mail: MailContent) => Promise.resolve({ kind: 'sent', n: taken.push(mail) } as const);
  return { taken, outbox: { ...world.deps, ids: randomIds, sender: { send } } };
}
const asking = (): AskAccountErasureDeps => ({
  ...world.deps,
  ids: randomIds,
  accountKey: (id) => accountKey(world.db, world.keyRing, id),
  post: makePost(outbox()),
  publicUrl: 'https://assent.example',
});
const graph = {
  unsubscribe: ({ metaPageId }: { metaPageId: string }) => {
    calls.push(metaPageId);
    return Promise.resolve(
      unsubscribes ? { ok: true, value: null } : { ok: false, status: 500, code: null, subcode: null, message: 'no' },
    );
  },
};
const carrying = (over: Partial<CarryOutAccountErasuresDeps> = {}): CarryOutAccountErasuresDeps => ({
  ...world.deps,
  releasePages: makeReleasePages({ ...world.deps, graph } as unknown as Parameters<typeof makeReleasePages>[0]),
  post: makePost(outbox()),
  publicUrl: 'https://assent.example',
  keyRingCopy: null,
  dropBackupFiles: () => Promise.resolve(0),
  ...over,
});
const carryOut = (over: Partial<CarryOutAccountErasuresDeps> = {}) => makeCarryOutAccountErasures(carrying(over))();
const mails = () => makeListMails(world.deps)(accountId);
const audit = (erasedAccounts: Pick<ErasedAccounts, 'all'> = world.deps.erasedAccounts) =>
  makeAuditLedger({ ...world.deps, erasedAccounts, checkpointCopy: world.checkpointCopy })();
const bundleOf = (on: TestPage, leadUuid: string) =>
  makeLeadBundle(world.bundleDeps)({ accountId: on.accountId, leadUuid, form: 'json' });
const code = (name: string) => expect.objectContaining({ code: name }) as Error;
const ask = () => makeAskAccountErasure(asking())({ accountId, name: NAME });

/** The link of the newest mail. */
async function mailedToken(): Promise<string> {
  const [mail] = await mails();
  return /account-deletion\/([A-Za-z0-9_-]{43})\n/.exec(mail!.content!.text)![1]!;
}
const confirm = async () => (await makeConfirmAccountErasure(asking())(await mailedToken()))!;
const stateOf = async (of: string) => (await makeShowAccountErasure(world)(of))?.state;

/** Rows that a column ties to the account, its Pages, broadcasts or people. */
async function rowsLeft(ids: { readonly pages: readonly string[]; readonly broadcasts: readonly string[] }) {
  const columns = await world.db.rows<{ table: string; column: string }>(
    `select c.table_name as table, c.column_name as column from information_schema.columns c
       join information_schema.tables t using (table_schema, table_name)
      where c.table_schema = 'public' and t.table_type = 'BASE TABLE'
        and c.column_name in ('account_id', 'page_id', 'broadcast_id')`,
  );
  const left: string[] = [];
  for (const { table, column } of columns) {
    if (table === 'mail' || table === 'account_erasure' || table === 'erasure') continue;
    const values = { account_id: [accountId], page_id: ids.pages, broadcast_id: ids.broadcasts }[column];
    if ((await world.count(`${table} where ${column} = any($1::bigint[])`, [values])) > 0)
      left.push(`${table}.${column}`);
  }
  return left;
}

it('is asked with the name, said yes to by the mailed link, and leaves nothing, while everybody else still verifies', async () => {
  const [ann, bob] = [await join(page), await join(page)];
  const other = await world.newPage();
  await world.logPage(other);
  const neighbour = await join(other);
  const before = await bundleOf(other, neighbour.uuid);
  const sent = await world.sendTo(page, [ann.id, bob.id]);
  await world.sendAgain(page, sent);
  await world.sendTest(page, [ann.id], sent);
  await world.logPage(page);
  await world.sequence();
  const old = await world.db.first<{ bucket: number; version: number; wrapped: Buffer }>(
    'select bucket, key_version as version, dek_wrapped as wrapped from lead_key where lead_id = $1',
    [ann.id],
  );

  await expect(makeAskAccountErasure(asking())({ accountId, name: 'Harbor Coffee' })).rejects.toEqual(
    code('account_name_differs'),
  );
  const asked = await ask();
  expect(asked.counts).toMatchObject({ pages: 1, leads: 2, broadcasts: 1, messages: 2, apiKeys: 1 });
  expect(await makeAuthenticate(world.deps)(key)).not.toBeNull();
  const token = await mailedToken();
  expect(await makeShowAskedErasure(world.deps)(token)).toMatchObject({ counts: asked.counts });
  expect(await world.count('account_erasure where encode(token_sha256, $1) = $2', ['escape', token])).toBe(0);

  const accountUuid = (await world.db.first<{ uuid: string }>('select public_id as uuid from account where id = $1', [
    accountId,
  ]))!.uuid;
  expect(world.keyRing.accountKey(accountUuid)).not.toBeNull();
  const { code: certificateCode, link } = await confirm();
  expect(await makeAuthenticate(world.deps)(key)).toBeNull();
  await world.deliver(page, message(page, newPsid(), world.now(), 'late'));
  expect(await world.count('lead where page_id = $1', [page.id])).toBe(2);
  await world.sequence();
  const server = mailServer();
  expect(await carryOut({ post: makePost(server.outbox) })).toBe(1);
  expect([await makeSendMail(server.outbox)(), await makeSendMail(server.outbox)()]).toEqual([1, 0]);
  expect((await audit()).findings).toEqual([]);

  expect(calls).toEqual([page.metaPageId]);
  expect(await rowsLeft({ pages: [page.id], broadcasts: [sent.broadcastId] })).toEqual([]);
  expect(await world.count('account where id = $1', [accountId])).toBe(0);
  await world.keyRing.reload(page.uuid);
  expect(() => world.keyRing.unwrapLeadKey(page.uuid, old!.bucket, old!.version, old!.wrapped)).toThrow(
    code('key_version_unknown'),
  );
  // An older copy of the database holds nothing that opens its own fields any more.
  expect(world.keyRing.accountKey(accountUuid)).toBeNull();
  expect(await world.count('account_erasure where account_uuid is not null')).toBe(0);
  expect(await world.deps.erasedAccounts.all()).toContainEqual(goneAccountMac(world.keyRing, accountUuid));
  const done = (await makeShowAccountErasure(world)(certificateCode))!;
  expect(done).toMatchObject({ state: 'complete' });
  expect(done.certificate).toContain('\nscope account\n');
  expect(done.certificate).toContain('\npages-released 1\n');
  const [mail] = server.taken;
  expect(mail).toMatchObject({ subject: 'Your account is deleted', to: expect.stringContaining(EMAIL) as string });
  for (const part of [done.certificate!, `/erasure/${certificateCode}#${link}`]) expect(mail!.text).toContain(part);
  expect(await world.count('account_erasure where letter_ct is not null')).toBe(0);

  await world.sequence();
  const result = await audit();
  expect(result).toMatchObject({ findings: [], pending: 0 });
  expect(result.closed).toBeGreaterThan(4);
  for (const bundle of [before, await bundleOf(other, neighbour.uuid)])
    expect(verifier.verify(bundle, ['--key', world.vkey]).levels.flatMap(({ reasons }) => reasons)).toEqual([]);
});

it('accounts for people who were erased before, though their account is gone', async () => {
  const ann = await join(page);
  await join(page);
  const skips = { skipPendingOfLead, skipRepliesOfLead };
  await makeRequestErasure({ ...world.deps, ...skips })({
    accountId,
    leadUuid: ann.uuid,
    erasureUuid: randomIds.uuid(),
    keepsMark: false,
  });
  await makeCarryOutErasures({ ...world.deps, ...carrying() })();
  await world.sequence();
  await ask();
  await confirm();
  expect(await carryOut()).toBe(1);
  await world.sequence();
  const { findings, erased, closed } = await audit();
  expect([findings, erased]).toEqual([[], 2]);
  expect(closed).toBeGreaterThan(0);
});

/** A database whose transactions fail after the first `most`. */
function dyingAfter(most: number): OpenDatabase {
  let transactions = 0;
  return {
    ...world.db,
    transaction: (work, options) => {
      transactions += 1;
      return transactions > most ? Promise.reject(new Error('killed')) : world.db.transaction(work, options);
    },
  };
}
const keptPages = () => Promise.resolve({ released: 0, left: 0 });

it('leaves an audit whole that comes when keys are gone, or people are, and the rest is not', async () => {
  const [ann, bob] = [await join(page), await join(page)];
  const sent = await world.sendTo(page, [ann.id, bob.id]);
  await world.sendAgain(page, sent);
  await world.sendTest(page, [ann.id], sent);
  await world.sequence();
  await ask();
  await confirm();
  await world.sequence();
  await expect(carryOut({ db: dyingAfter(1), releasePages: keptPages })).rejects.toThrow('killed');
  await world.keyRing.reload(page.uuid);
  expect(() => world.keyRing.pageKey(page.uuid, 'ref')).toThrow(code('key_version_unknown'));
  expect(await world.count('lead where account_id = $1', [accountId])).toBe(2);
  expect(await audit()).toMatchObject({ findings: [], ending: 4 });
  // Whoever can write rows, and nothing beside the key ring, hides nobody that way.
  const findings = (await audit({ all: () => Promise.resolve([]) })).findings;
  expect(findings.map(({ what }) => what)).toEqual(expect.arrayContaining(['opening_unreadable', 'lead_key']));

  await expect(carryOut({ db: dyingAfter(1) })).rejects.toThrow('killed');
  expect(await world.count('lead where account_id = $1', [accountId])).toBe(0);
  expect(await world.count('broadcast where account_id = $1', [accountId])).toBe(1);
  expect(await audit()).toMatchObject({ findings: [], ending: 0 });
  await world.sequence();
  expect((await audit()).findings).toEqual([]);
  expect(await carryOut()).toBe(1);
  await world.sequence();
  expect((await audit()).findings).toEqual([]);
});

it('is held up by nothing that still happens to its people when nobody can read them', async () => {
  const [ann, bob] = [await join(page), await join(page)];
  await world.db.run(
    `update lead set marketing_token_ct = '\\x00', marketing_token_state = 'granted', marketing_token_expires_at = $2 where id = $1`,
    [bob.id, new Date(world.now().getTime() - DAY_MS)],
  );
  await ask();
  const { code: of } = await confirm();
  await world.sequence();
  await expect(carryOut({ db: dyingAfter(1), releasePages: keptPages })).rejects.toThrow('killed');
  await world.keyRing.reload(page.uuid);
  await world.db.run(
    `insert into erasure (public_id, code, account_id, page_id, scope, origin, state, lead_id, lead_mac, subject_sha256, bucket, requested_at)
     values (gen_random_uuid(), 'late', $1, $2, 'lead', 'chat', 'waiting', $3, sha256('m'), sha256('s'), 0, now())`,
    [accountId, page.id, ann.id],
  );
  expect(await makeCarryOutErasures({ ...world.deps, ...carrying() })()).toBe(0);
  const at = world.now();
  world.setNow(new Date(at.getTime() + 2_000 * DAY_MS));
  const byAge: string[] = [];
  const eraseByAge = (lead: { leadUuid: string }) => Promise.resolve(byAge.push(lead.leadUuid) > 0);
  await makeApplyRetention({ ...world.deps, eraseByAge })();
  expect(byAge).not.toContain(ann.uuid);
  world.setNow(at);
  expect(await makeExpireTokens(world.deps)()).toBe(0);
  expect(await makeSettleBuckets(world.deps)()).toBe(0);
  const { unopened } = await makeOpenEveryPage(world.deps)();
  expect(unopened).toBe(0);
  expect(await world.count('erasure where account_id = $1', [accountId])).toBe(1);
  expect([await carryOut(), await stateOf(of)]).toEqual([1, 'complete']);
  expect(await world.count('erasure where account_id = $1', [accountId])).toBe(0);
  await world.sequence();
  expect((await audit()).findings).toEqual([]);
});

it('signs its certificate with the key of the log', async () => {
  await join(page);
  await ask();
  const { code: certificateCode } = await confirm();
  await world.sequence();
  await carryOut();
  const { certificate } = (await makeShowAccountErasure(world)(certificateCode))!;
  const [text, signature] = certificate!.split('\n\n');
  const raw = Buffer.from(signature!.trim().split(' ').at(-1)!, 'base64').subarray(4);
  const material = Buffer.from(world.vkey.split('+').slice(2).join('+'), 'base64').subarray(1);
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), material]);
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
  expect(verify(null, Buffer.from(`${text!}\n`), publicKey, raw)).toBe(true);
});

it('counts only the newest link, for a day, and once', async () => {
  await ask();
  const first = await mailedToken();
  await ask();
  const second = await mailedToken();
  const yes = makeConfirmAccountErasure(asking());
  expect(await yes(first)).toBeNull();
  for (const wrong of ['', 'x', 'A'.repeat(43)]) expect(await yes(wrong)).toBeNull();
  const at = world.now();
  world.setNow(new Date(at.getTime() + DAY_MS + 1));
  expect(await makeShowAskedErasure(world.deps)(second)).toBeNull();
  expect(await yes(second)).toBeNull();
  expect(await makeForgetUnanswered(world.deps)()).toBe(1);
  expect(await makeAuthenticate(world.deps)(key)).not.toBeNull();
  world.setNow(at);
  await ask();
  const third = await mailedToken();
  const answers = await Promise.all([yes(third), yes(third)]);
  expect(answers.filter((answer) => answer !== null)).toHaveLength(1);
  await world.sequence();
  expect(await carryOut()).toBe(1);
});

it('waits for what is being sent', async () => {
  const ann = await join(page);
  const sent = await world.sendTo(page, [ann.id]);
  await world.sequence();
  await world.db.run(`update delivery set status = 'sending' where broadcast_id = $1`, [sent.broadcastId]);
  await ask();
  const { code: of } = await confirm();
  await world.sequence();
  expect([await carryOut(), await stateOf(of)]).toEqual([0, 'confirmed']);
  await world.db.run(`update delivery set status = 'uncertain' where broadcast_id = $1`, [sent.broadcastId]);
  expect([await carryOut(), await stateOf(of)]).toEqual([1, 'complete']);
});

it('asks Meta again to end its webhooks, but not for ever, and does not say that it did', async () => {
  await join(page);
  await ask();
  const { code: of } = await confirm();
  await world.sequence();
  unsubscribes = false;
  expect([await carryOut(), await carryOut(), await stateOf(of)]).toEqual([0, 0, 'confirmed']);
  expect(calls).toHaveLength(2);
  world.setNow(new Date(world.now().getTime() + 601_000));
  expect([await carryOut(), await stateOf(of)]).toEqual([1, 'complete']);
  expect((await makeShowAccountErasure(world)(of))!.certificate).toContain('\npages-released 0\n');
});

it('takes somebody along whom a webhook makes in that very moment', async () => {
  await join(page);
  await ask();
  const { code: of } = await confirm();
  await world.sequence();
  const late = await openDatabase({ url: world.url, poolSize: 2, applicationName: 'late' });
  let carried: Promise<number> | undefined;
  await late.transaction(async (tx) => {
    await tx.run(
      `insert into lead (public_id, account_id, page_id, status, subject_ref, web_token_sha256, created_at)
       values (gen_random_uuid(), $1, $2, 'subscribed', sha256('r'), sha256('late'), now())`,
      [accountId, page.id],
    );
    carried = carryOut();
    await until(
      'the deletion to wait for it',
      async () =>
        (await world.count(
          `pg_stat_activity where wait_event_type = 'Lock' and query like '%from page where account_id%'`,
        )) > 0,
    );
  });
  await late.close();
  expect([await carried, await stateOf(of)]).toEqual([1, 'complete']);
  expect(await world.count('lead where account_id = $1', [accountId])).toBe(0);
  await world.sequence();
  expect((await audit()).findings).toEqual([]);
});

it('goes on where a process died, at every step, with one certificate and one mail', async () => {
  for (let n = 0; n < 3; n += 1) await join(page);
  await ask();
  const { code: of } = await confirm();
  await world.sequence();
  const dies = () => Promise.reject(new Error('killed'));
  const entryDies = {
    ids: {
      ...randomIds,
      uuid: () => {
        throw new Error('killed');
      },
    },
  };
  const people = () => world.count('lead where account_id = $1', [accountId]);
  await expect(carryOut({ releasePages: dies })).rejects.toThrow('killed');
  expect([await stateOf(of), await people()]).toEqual(['confirmed', 3]);
  const keyRing = { ...world.keyRing, dropRing: dies };
  await expect(carryOut({ keyRing, releasePages: keptPages })).rejects.toThrow('killed');
  expect([await stateOf(of), await people()]).toEqual(['destroying', 3]);
  await expect(carryOut(entryDies)).rejects.toThrow('killed');
  expect([await stateOf(of), await people()]).toEqual(['destroying', 3]);
  await expect(carryOut({ post: dies })).rejects.toThrow('killed');
  await expect(carryOut({ post: (...args) => makePost(outbox())(...args).then(dies) })).rejects.toThrow('killed');
  // People are gone, and the entries that say so wait for their leaves.
  expect(await audit()).toMatchObject({ findings: [], pending: 2 });
  expect(await stateOf(of)).toBe('destroying');
  expect((await Promise.all([carryOut(), carryOut()])).reduce((sum, done) => sum + done, 0)).toBe(1);
  const { certificate } = (await makeShowAccountErasure(world)(of))!;
  expect(await carryOut()).toBe(0);
  expect((await makeShowAccountErasure(world)(of))!.certificate).toBe(certificate);
  expect((await mails()).filter(({ kind }) => kind === 'account_deleted')).toHaveLength(1);
  await world.sequence();
  expect((await audit()).findings).toEqual([]);
});
