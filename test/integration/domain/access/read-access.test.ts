import { randomUUID } from 'node:crypto';
import { accountKey } from '../../../../src/domain/accounts';
import {
  makeAccessForAccount,
  makeAccessForPerson,
  type AccessAnswer,
  type AccessDeps,
  type AccessRecord,
} from '../../../../src/domain/access';
import { makeSetTags, webToken } from '../../../../src/domain/leads';
import { suppressionMac } from '../../../../src/domain/pages';
import { makeLeadBundle } from '../../../../src/domain/proof';
import { makeRegisterRecipient, recordDisclosures } from '../../../../src/domain/recipients';
import { sealField } from '../../../../src/kernel/crypto/field-cipher';
import { event, message, type TestPage } from '../inbox/inbox-world';
import { openProofWorld, type ProofWorld } from '../proof/proof-world';

let world: ProofWorld;
let page: TestPage;
let deps: AccessDeps;
beforeAll(async () => {
  world = await openProofWorld();
  page = await world.newPage();
  deps = { ...world.deps, accountKey: (id) => accountKey(world.db, world.keyRing, id) };
});
afterAll(() => world.close());

const MESSAGE = { text: 'We open on Monday', buttons: [] };

const join = (words: string) => world.subscribe(page, words);

const askFor = (leadUuid: string, accountId = page.accountId) => makeAccessForAccount(deps)({ accountId, leadUuid });
const recordsOf = (answer: AccessAnswer, name: string): readonly AccessRecord[] =>
  answer.sections.find((section) => section.name === name)!.records;

async function tokenOf(leadId: string): Promise<string> {
  const row = (await world.db.first<{ bucket: number; version: number; wrapped: Buffer }>(
    'select bucket, key_version as version, dek_wrapped as wrapped from lead_key where lead_id = $1',
    [leadId],
  ))!;
  return webToken(world.keyRing.unwrapLeadKey(page.uuid, row.bucket, row.version, row.wrapped));
}

it('tells all that is kept about a person, and nothing of anybody else', async () => {
  const [ann, bob] = [await join('I am Ann'), await join('I am Bob')];
  const ref = { ref: 'spring', source: 'SHORTLINK', type: 'OPEN_THREAD' };
  await world.deliver(page, event(page, ann.psid, world.now(), { referral: ref }));
  const optin = { type: 'notification_messages', notification_messages_token: 'a-token-of-meta' };
  await world.deliver(page, event(page, ann.psid, world.now(), { optin }));
  await makeSetTags(deps)({ accountId: page.accountId, leadUuid: ann.uuid, tags: ['regular'] });
  await makeSetTags(deps)({ accountId: page.accountId, leadUuid: bob.uuid, tags: ['newcomer'] });
  await world.db.run('insert into suppression values ($1, $2, now())', [
    page.id,
    suppressionMac(world.keyRing, page.uuid, ann.psid),
  ]);
  const sent = await world.sendTo(page, [ann.id, bob.id]);
  const key = await deps.accountKey(page.accountId);
  const place = { table: 'broadcast', column: 'definition_ct', row: sent.broadcastUuid };
  const definition = { name: 'Opening', message: MESSAGE, audience: {} };
  await world.db.run('update broadcast set definition_ct = $2 where id = $1', [
    sent.broadcastId,
    sealField(key, place, JSON.stringify(definition)),
  ]);
  await world.sendAgain(page, sent);
  await world.sendTest(page, [ann.id], sent);
  await world.deliver(page, message(page, ann.psid, world.now(), 'STOP'));
  await world.db.run(`insert into broadcast_lead select b.id, $1 from broadcast b where b.id = $2`, [
    ann.id,
    sent.broadcastId,
  ]);
  await world.sequence();
  await makeLeadBundle(world.bundleDeps)({ accountId: page.accountId, leadUuid: ann.uuid, form: 'json' });

  const answer = await askFor(ann.uuid);
  expect(recordsOf(answer, 'identity')).toMatchObject([{ page_scoped_id: ann.psid, id_here: ann.uuid }]);
  expect(recordsOf(answer, 'standing')).toMatchObject([{ status: 'unsubscribed', notice_version: 1 }]);
  const choices = recordsOf(answer, 'choices');
  expect(choices.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['opt_in', 'notice_shown', 'withdraw']));
  expect(choices.find(({ kind }) => kind === 'notice_shown')).toMatchObject({ wording: expect.any(String) as string });
  const events = recordsOf(answer, 'webhooks').map((one) => String(one['event']));
  expect(events.some((text) => text.includes('I am Ann'))).toBe(true);
  expect(events.some((text) => text.includes('STOP'))).toBe(true);
  expect(recordsOf(answer, 'messages').map((one) => [one['attempt'], one['is_test'], one['content']])).toEqual(
    expect.arrayContaining([
      [1, false, MESSAGE],
      [2, false, MESSAGE],
      [1, true, null],
    ]),
  );
  expect(recordsOf(answer, 'answers').map(({ kind }) => kind)).toContain('welcome');
  expect(recordsOf(answer, 'marketing_permission')).toMatchObject([{ state: 'granted' }]);
  expect(recordsOf(answer, 'labels')).toContainEqual({ label: 'regular' });
  expect(recordsOf(answer, 'refusal_mark')).toEqual([{ is_marked: true }]);
  expect(recordsOf(answer, 'plans')).toEqual([{ broadcast: sent.broadcastUuid, status: 'sending' }]);
  expect(recordsOf(answer, 'handed_out')).toMatchObject([{ kind: 'lead' }]);

  const text = JSON.stringify(answer);
  expect([bob.psid, bob.uuid, 'I am Bob', 'newcomer'].filter((other) => text.includes(other))).toEqual([]);
  for (const section of answer.sections)
    for (const said of [section.what, section.source, section.purpose, section.recipients, section.retention])
      expect(said.length).toBeGreaterThan(5);
});

it('leaves no column about a person out, unless it says why', async () => {
  const columns = await world.db.rows<{ name: string }>(
    `select c.table_name || '.' || c.column_name as name from information_schema.columns c
       join information_schema.tables t using (table_schema, table_name)
      where c.table_schema = 'public' and t.table_type = 'BASE TABLE'
        and (c.table_name = 'lead' or exists (select from information_schema.columns k
          where k.table_schema = 'public' and k.table_name = c.table_name and k.column_name = 'lead_id')) order by 1`,
  );
  const known = new Set([...SHOWN, ...LEFT_OUT]);
  expect(columns.map(({ name }) => name).filter((name) => !known.has(name))).toEqual([]);
  expect([...known].filter((name) => !columns.some((column) => column.name === name))).toEqual([]);
});

it('records that somebody looked, and not at whom', async () => {
  const cyd = await join('I am Cyd');
  await askFor(cyd.uuid);
  const rows = await world.db.rows(
    `select detail_ct from audit_event where kind = 'lead.access' order by id desc limit 1`,
  );
  expect(rows).toEqual([{ detail_ct: null }]);
});

it('shows a person the same by the link of their own page, and nothing by another one', async () => {
  const dan = await join('I am Dan');
  const mine = await makeAccessForPerson(deps)(await tokenOf(dan.id));
  const theirs = await askFor(dan.uuid);
  expect({ ...mine, made_at: theirs.made_at }).toEqual(theirs);
  for (const token of ['', 'x', 'A'.repeat(22)]) expect(await makeAccessForPerson(deps)(token)).toBeNull();
});

it('names who else has the data, since when and what for, and nobody who has that of others', async () => {
  const [fay, gus] = [await join('I am Fay'), await join('I am Gus')];
  const register = async (name: string, receives: 'everyone' | 'disclosed', on = page) => {
    const said = { name, purpose: 'Prints vouchers', country: 'DE', endpoint: 'https://recipient.example.com/' };
    const recipient = { ...said, accountId: on.accountId, uuid: randomUUID(), kind: 'integration', receives } as const;
    return (await makeRegisterRecipient({ ...world.deps, onLoopback: false })(recipient)).uuid;
  };
  const disclose = (recipientUuid: string, leadUuid: string) =>
    world.db.transaction((tx) =>
      recordDisclosures(tx, { accountId: page.accountId, recipientUuid, leadUuids: [leadUuid], at: world.now() }),
    );
  const mine = await register('Mine', 'disclosed');
  const theirs = await register('Theirs', 'disclosed');
  await register('All', 'everyone');
  await register('Of a stranger', 'everyone', await world.newPage());
  await disclose(mine, fay.uuid);
  await disclose(theirs, gus.uuid);
  const first = world.now().toISOString();
  world.setNow(new Date(world.now().getTime() + 60_000));
  await disclose(mine, fay.uuid);
  const common = { purpose: 'Prints vouchers', country: 'DE', kind: 'integration', ended_at: null };
  const answer = await askFor(fay.uuid);
  expect(recordsOf(answer, 'recipients')).toEqual([
    {
      ...common,
      recipient: 'Mine',
      receives: 'disclosed',
      first_given_at: first,
      last_given_at: world.now().toISOString(),
    },
    { ...common, recipient: 'All', receives: 'everyone', first_given_at: null, last_given_at: null },
  ]);
  expect(JSON.stringify(answer)).not.toContain('recipient.example.com');
});

it('knows nobody of another account, and nobody who is being erased', async () => {
  const eve = await join('I am Eve');
  const other = await world.newPage();
  const notFound = expect.objectContaining({ code: 'lead_not_found' }) as Error;
  await expect(askFor(eve.uuid, other.accountId)).rejects.toEqual(notFound);
  const token = await tokenOf(eve.id);
  await world.db.run(`update lead set status = 'erasing' where id = $1`, [eve.id]);
  await expect(askFor(eve.uuid)).rejects.toEqual(notFound);
  expect(await makeAccessForPerson(deps)(token)).toBeNull();
});

const of = (table: string, columns: string): readonly string[] =>
  columns.split(/\s+/).map((column) => `${table}.${column}`);

const SHOWN: readonly string[] = [
  ...of(
    'lead',
    `public_id status subject_ref opted_in_at explicit_act_at withdrawn_at last_inbound_at last_ad_message_at
      marketing_token_state marketing_token_expires_at marketing_token_at notice_shown_at notice_version unreachable_at
      failed_in_a_row restricted_at ref_index tag_ids locale time_zone created_at returned_at`,
  ),
  ...of('lead_key', 'psid_ct'),
  ...of('ledger_opening', 'opening_ct'),
  ...of('evidence_segment', 'bytes'),
  ...of(
    'delivery',
    `broadcast_id status reason path attempt claimed_at settled_at delivered_at read_at clicked_at unsubscribed_at`,
  ),
  ...of('logged_send', 'attempt is_test broadcast_id broadcast_uuid path claimed_at'),
  ...of('reply', 'kind language status reason created_at settled_at'),
  ...of('broadcast_lead', 'broadcast_id'),
  ...of('proof_export_lead', 'export_id'),
  ...of('disclosure', 'recipient_id first_at last_at'),
];

/** Keys, places, counters and names of rows; what a choice says in its own entry; what is sealed on purpose (`NOT_SHOWN`). */
const LEFT_OUT: readonly string[] = [
  ...of(
    'lead',
    `id account_id page_id chain_n chain_head consent_entry consent_commitment consent_n withdrawal_commitment
      marketing_token_ct web_token_sha256`,
  ),
  ...of('lead_key', 'lead_id page_id bucket key_version psid_index dek_wrapped'),
  ...of('ledger_opening', 'entry_id lead_id account_id opening owner_mac'),
  ...of('evidence_segment', 'delivery_id position kind lead_id'),
  ...of(
    'delivery',
    `seq page_id lead_id basis consent_entry notice_version rule_version transient_failures due_at public_id sends_entry
      sends_position subject_n post_started_at mid_ct error_code error_subcode untold_attempts`,
  ),
  ...of('logged_send', 'message_id page_id lead_id consent_entry subject_n sends_entry sends_position'),
  ...of(
    'reply',
    `id public_id page_id lead_id cause broadcast_id notice_version attempt transient_failures due_at claimed_at
      post_started_at mid_ct error_code error_subcode`,
  ),
  ...of('broadcast_lead', 'lead_id'),
  ...of('proof_export_lead', 'lead_id'),
  ...of('disclosure', 'lead_id'),
  ...of('ended', 'id lead_id chain_n api_key_id'),
  ...of('inbox_event', 'lead_id event_mac seen_at'),
  ...of(
    'erasure',
    `id public_id code account_id page_id scope origin state lead_id lead_mac subject_sha256 link_ct bucket key_version
      keeps_mark leaves commitment certificate_head certificate requested_at rows_deleted_at keys_destroyed_at completed_at
      footprint`,
  ),
];
