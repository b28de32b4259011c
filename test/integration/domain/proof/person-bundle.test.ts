import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeBroadcastProofs, makeListExports, makeLeadBundle, makeMessageBundle } from '../../../../src/domain/proof';
import { treeOf } from '../../../support/bundle-tree';
import { openVerifier, type Verifier } from '../../../support/verifier';
import { event, message, newPsid, postback, type TestPage } from '../inbox/inbox-world';
import { openProofWorld, type ProofWorld } from './proof-world';

let world: ProofWorld;
let verifier: Verifier;
let page: TestPage;
beforeAll(async () => {
  world = await openProofWorld();
  verifier = openVerifier();
  page = await world.newPage();
});
afterAll(async () => {
  verifier.close();
  await world.close();
});

const key = (): string[] => ['--key', world.vkey];
const leadBundle = (leadUuid: string, form: 'zip' | 'json', accountId = page.accountId) =>
  makeLeadBundle(world.bundleDeps)({ accountId, leadUuid, form });
const findLead = async (psid: string) => (await world.leadOf(page, psid))!;

async function subscriber(psid: string, words = 'hello'): Promise<string> {
  await world.deliver(page, message(page, psid, world.now(), words));
  const { id } = await findLead(psid);
  await world.showNotice(page, id);
  await world.sequence();
  return id;
}

it('is the same to the byte for the same state of the log, in a ZIP that other programs read', async () => {
  const psid = newPsid();
  await subscriber(psid);
  await world.anchor();
  const { uuid } = await findLead(psid);
  const zip = await leadBundle(uuid, 'zip');
  expect((await leadBundle(uuid, 'zip')).equals(zip)).toBe(true);
  expect(verifier.verify(zip, key()).exit).toBe(2);
  const dir = mkdtempSync(path.join(tmpdir(), 'assent-zip-'));
  writeFileSync(path.join(dir, 'b.zip'), zip);
  const listed = execFileSync(
    'python3',
    [
      '-c',
      'import zipfile,sys,hashlib\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\nfor i in z.infolist(): print(i.filename, hashlib.sha256(z.read(i)).hexdigest(), i.date_time[0], len(i.extra))',
      path.join(dir, 'b.zip'),
    ],
    { encoding: 'utf8' },
  );
  rmSync(dir, { recursive: true });
  const files = [...treeOf(await leadBundle(uuid, 'json')).keys()];
  expect(
    listed
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]),
  ).toEqual(files);
  expect(files).toEqual([...files].sort());
  expect(listed).not.toMatch(/ (?!1980 0$)\d+ \d+$/m);
});

it('never holds anything of a neighbour who stood in the same webhook', async () => {
  const [ann, bob] = [newPsid(), newPsid()];
  await world.deliver(
    page,
    message(page, ann, world.now(), 'words of ann'),
    message(page, bob, world.now(), 'words of bob'),
  );
  await world.sequence();
  const { uuid } = await findLead(ann);
  const files = treeOf(await leadBundle(uuid, 'json'));
  const all = Buffer.concat([...files.values()]).toString('latin1');
  expect(all).toContain('words of ann');
  expect(all).not.toContain('words of bob');
  expect(all).not.toContain(bob);
  const verdict = verifier.verify(await leadBundle(uuid, 'zip'), key());
  expect(verdict.evidence).toEqual([{ entry: 'entries/0001', grade: 'E2' }]);
  expect([verdict.exit, verdict.levels[3]!.state]).toEqual([2, 'PASS']);
});

it("proves each word of Meta's about its own permission for marketing messages", async () => {
  const psid = newPsid();
  await subscriber(psid);
  const words = [
    { token_expiry_timestamp: 2_145_916_800 },
    { user_token_status: 'REFRESHED', token_expiry_timestamp: 2_145_916_800_000 },
    { notification_messages_status: 'STOP_NOTIFICATIONS' },
    { notification_messages_status: 'RESUME NOTIFICATIONS', notification_messages_token: 84_701_234 },
  ];
  for (const [at, word] of words.entries()) {
    const optin = { type: 'notification_messages', notification_messages_token: 'token-1', ...word };
    await world.deliver(page, event(page, psid, new Date(world.now().getTime() + at + 1), { optin }));
  }
  await world.sequence();
  const json = await leadBundle((await findLead(psid)).uuid, 'json');
  const entries = [...treeOf(json)].filter(([name]) => /^entries\/\d+\.json$/.test(name));
  const states = entries.flatMap(([, body]) => (JSON.parse(body.toString()) as { state?: string }).state ?? []);
  expect(states).toEqual(['granted', 'renewed', 'stopped', 'resumed']);
  const verdict = verifier.verify(json, key());
  expect([verdict.exit, verdict.levels.flatMap(({ reasons }) => reasons)]).toEqual([2, []]);
});

it('is gone with the person, from the bundle of a broadcast too', async () => {
  const own = await world.newPage();
  const [stays, goes] = [newPsid(), newPsid()];
  await world.deliver(own, message(own, stays, world.now(), 'hello'), message(own, goes, world.now(), 'hello'));
  const leads = [(await world.leadOf(own, stays))!, (await world.leadOf(own, goes))!] as const;
  for (const { id } of leads) await world.showNotice(own, id);
  await world.sequence();
  const sent = await world.sendTo(
    own,
    leads.map(({ id }) => id),
  );
  await world.sequence();
  await leadBundle(leads[1].uuid, 'zip', own.accountId);
  await world.db.run('update delivery set lead_id = null where lead_id = $1', [leads[1].id]);
  await world.db.run('delete from lead where id = $1', [leads[1].id]);
  await expect(leadBundle(leads[1].uuid, 'zip', own.accountId)).rejects.toMatchObject({ code: 'lead_not_found' });
  const wish = { accountId: own.accountId, broadcastUuid: sent.broadcastUuid };
  const ofMessage = (at: number) =>
    makeMessageBundle(world.bundleDeps)({ ...wish, deliveryUuid: sent.deliveryUuids[at]!, form: 'json' });
  await expect(ofMessage(1)).rejects.toMatchObject({ code: 'delivery_not_found' });
  expect(verifier.verify(await ofMessage(0), key()).exit).toBe(2);
  const parts: Buffer[] = [];
  for await (const part of await makeBroadcastProofs(world.bundleDeps)({ ...wish, form: 'ndjson' })) parts.push(part);
  const many = Buffer.concat(parts);
  expect(verifier.verify(many, key())).toMatchObject({ exit: 2, records: 1 });
  expect(await world.count('proof_export_lead where lead_id = $1', [leads[1].id])).toBe(0);
});

it('leaves out words that were not kept on purpose, and says so', async () => {
  const explicit = await world.newPage({ optInMode: 'explicit', accountId: page.accountId });
  const psid = newPsid();
  await world.deliver(explicit, message(explicit, psid, world.now(), 'private words'));
  await world.deliver(
    explicit,
    postback(explicit, psid, new Date(world.now().getTime() + 1_000), 'assent:v1:consent:yes'),
  );
  await world.sequence();
  const lead = (await world.leadOf(explicit, psid))!;
  const json = await leadBundle(lead.uuid, 'json');
  expect(Buffer.concat([...treeOf(json).values()]).toString('latin1')).not.toContain('private words');
  const verdict = verifier.verify(json, key());
  expect(verdict.levels.flatMap(({ reasons }) => reasons)).toEqual([]);
  expect(verdict.evidence.map(({ grade }) => grade)).toEqual(['not kept', 'E1']);
});

it('proves one message, also of a release that named no place of its consent', async () => {
  const psid = newPsid();
  const id = await subscriber(psid);
  const sent = await world.sendTo(page, [id]);
  const old = await world.sendTo(page, [id], { hasIndex: false });
  await world.sequence();
  for (const { broadcastUuid, deliveryUuids } of [sent, old]) {
    const wish = { accountId: page.accountId, broadcastUuid, deliveryUuid: deliveryUuids[0]!, form: 'json' as const };
    const json = await makeMessageBundle(world.bundleDeps)(wish);
    expect(
      verifier
        .verify(json, key())
        .levels.slice(0, 4)
        .map(({ state }) => state),
    ).toEqual(['PASS', 'PASS', 'PASS', 'PASS']);
    const files = treeOf(json);
    const messages = [...files.keys()].filter((name) => name.endsWith('.message.json'));
    expect(messages).toEqual(['sends/0001.message.json']);
    for (const name of ['README.txt', 'views/summary.html']) {
      expect(files.get(name)!.toString()).toContain('only the one that was asked for is in this bundle');
    }
  }
  const { uuid } = await findLead(psid);
  expect([...treeOf(await leadBundle(uuid, 'json')).keys()].filter((name) => name.endsWith('.inner'))).toHaveLength(2);
});

it('shows a chain that was forked', async () => {
  const psid = newPsid();
  const id = await subscriber(psid);
  await world.deliver(page, message(page, psid, world.now(), 'STOP'));
  await world.sequence();
  await world.db.run(
    `update lead set chain_n = 2, status = 'subscribed', withdrawn_at = null,
       chain_head = (select (array_agg(t.c order by f.leaf_index))[2] from ledger_opening o join ledger_leaf f using (entry_id)
         cross join lateral (select substring(hashes from (32 * (f.leaf_index % 256) + 1)::int for 32) as c from ledger_tile where level = -1 and n = f.leaf_index / 256) t
         where o.lead_id = $1) where id = $1`,
    [id],
  );
  await world.showNotice(page, id);
  await world.showNotice(page, id);
  await world.sequence();
  await world.db.run(
    `delete from ledger_opening where lead_id = $1 and entry_id = (select entry_id from ledger_opening join ledger_leaf using (entry_id)
       where lead_id = $1 order by leaf_index offset 3 limit 1)`,
    [id],
  );
  const { uuid } = await findLead(psid);
  const verdict = verifier.verify(await leadBundle(uuid, 'json'), key());
  expect(verdict.levels[2]!.reasons.join()).toContain('the chain was forked');
});

it('has a consent record and a page to read, without a script and with everything escaped', async () => {
  const psid = newPsid();
  await world.db.run('update page set name = $2 where id = $1', [page.id, `<script>alert("x")</script> & Co`]);
  await subscriber(psid, '<img src=x>');
  const { uuid } = await findLead(psid);
  const files = treeOf(await leadBundle(uuid, 'json'));
  const html = files.get('views/summary.html')!.toString();
  expect(html).not.toMatch(/<script|<img|https?:\/\/|src=/i);
  expect(html).toContain('&lt;script&gt;');
  expect(html).toContain('The Page counts this as agreeing to its messages.');
  const record = JSON.parse(files.get('views/consent-record.jsonld')!.toString()) as Record<string, unknown>;
  expect(record).toMatchObject({
    '@type': 'dpv:ConsentRecord',
    consent_status: 'dpv:ConsentGiven',
    pii_processing: { lawful_basis: 'eu-gdpr:A6-1-a' },
    event: [{ event_state: 'dpv:ConsentGiven', via: 'first_message', ledger: { kind: 'opt_in' } }],
  });
  expect(JSON.stringify(record)).not.toContain(psid);
});

it('says how many messages of a person it leaves out, and holds the newest', async () => {
  const psid = newPsid();
  const id = await subscriber(psid);
  const { uuid } = await findLead(psid);
  const sent: string[] = [];
  const send = async (count: number) => {
    for (let n = 0; n < count; n += 1) sent.push((await world.sendTo(page, [id])).deliveryUuids[0]!);
    await world.sequence();
  };
  const read = async () => {
    const json = await leadBundle(uuid, 'json');
    const files = treeOf(json);
    const messages = [...files].filter(([name]) => name.endsWith('.message.json'));
    const texts = ['README.txt', 'views/summary.html'].map((name) => files.get(name)!.toString());
    const deliveries = messages.map(([, bytes]) => (JSON.parse(bytes.toString()) as { delivery: string }).delivery);
    return { json, texts, deliveries };
  };
  await send(500);
  const whole = await read();
  expect(whole.deliveries).toEqual(sent);
  for (const text of whole.texts) expect(text).not.toContain('The newest');
  await world.sendTo(page, [id]); // not signed yet, and not counted
  expect((await read()).json.equals(whole.json)).toBe(true);
  await send(2);
  const cut = await read();
  expect(cut.deliveries).toHaveLength(500);
  expect(cut.deliveries.slice(-2)).toEqual(sent.slice(-2));
  for (const text of cut.texts) expect(text).toContain('The newest 500 of 503 messages to this person');
  const verdict = verifier.verify(cut.json, key());
  expect([verdict.exit, verdict.levels.flatMap(({ reasons }) => reasons)]).toEqual([2, []]);
});

it('is refused before anything is signed, and to another account', async () => {
  const psid = newPsid();
  await world.deliver(page, message(page, psid, world.now(), 'hello'));
  const { uuid } = await findLead(psid);
  await expect(leadBundle(uuid, 'zip')).rejects.toMatchObject({ code: 'proof_not_ready' });
  await world.sequence();
  const other = await world.newPage();
  await expect(leadBundle(uuid, 'zip', other.accountId)).rejects.toMatchObject({ code: 'lead_not_found' });
});

it('is written down, with whose data left, and is kept nowhere', async () => {
  const own = await world.newPage();
  const psid = newPsid();
  await world.deliver(own, message(own, psid, world.now(), 'hello'));
  await world.sequence();
  const lead = (await world.leadOf(own, psid))!;
  const zip = await leadBundle(lead.uuid, 'zip', own.accountId);
  const { exports } = await makeListExports(world.bundleDeps)({ accountId: own.accountId, limit: 10, before: null });
  expect(exports).toMatchObject([{ kind: 'lead', state: 'complete', records: 1, bytes: zip.length }]);
  expect(await world.count('proof_export_lead where lead_id = $1', [lead.id])).toBe(1);
  expect(await world.count(`audit_event where account_id = $1 and kind = 'proof.exported'`, [own.accountId])).toBe(1);
});
