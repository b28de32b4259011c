import { erasedAccountMac, goneAccountMac } from '../../../../src/domain/erasure';
import { makeCreateAccount } from '../../../../src/domain/accounts';
import { NONCE_BYTES, openingPlace } from '../../../../src/domain/consent';
import { lockLeadRow, openLead } from '../../../../src/domain/leads';
import { makeAuditLedger } from '../../../../src/domain/proof';
import { openField } from '../../../../src/kernel/crypto/field-cipher';
import { message, type TestPage } from '../inbox/inbox-world';
import { openProofWorld, type ProofWorld, type Subscriber } from './proof-world';

/** Ways to hide a person or what they did from an audit, by rows alone. */

let world: ProofWorld;
let page: TestPage;
beforeEach(async () => {
  world = await openProofWorld();
  page = await world.newPage();
  await world.logPage(page);
});
afterEach(() => world.close());

const found = async () =>
  (await makeAuditLedger({ ...world.deps, checkpointCopy: world.checkpointCopy })()).findings.map(({ what }) => what);

interface Entry {
  readonly id: string;
  readonly sealed: Buffer;
}

const entriesOf = (leadId: string): Promise<Entry[]> =>
  world.db.rows(
    `select o.entry_id as id, o.opening_ct as sealed from ledger_opening o join ledger_leaf f using (entry_id)
      where o.lead_id = $1 order by f.leaf_index`,
    [leadId],
  );

/** Puts entries in clear, as whoever holds an exported bundle of them can. */
async function inClear({ id }: Subscriber, entries: readonly Entry[]): Promise<void> {
  const dek = await world.db.transaction(async (tx) => openLead(world.keyRing, page, (await lockLeadRow(tx, id))!).dek);
  for (const entry of entries) {
    const opening = openField(dek, openingPlace(entry.id), entry.sealed);
    expect(opening.length).toBeGreaterThan(NONCE_BYTES);
    await world.db.run(
      'update ledger_opening set lead_id = null, account_id = null, opening_ct = null, opening = $2 where entry_id = $1',
      [entry.id, opening],
    );
  }
  await world.db.run('delete from evidence_segment where lead_id = $1', [id]);
}

it('names entries of a person that are passed off as entries of nobody', async () => {
  const ann = await world.subscribe(page);
  const before = await world.db.first<{ n: number; head: Buffer }>(
    'select chain_n as n, chain_head as head from lead where id = $1',
    [ann.id],
  );
  await world.deliver(page, message(page, ann.psid, world.now(), 'STOP'));
  await world.sequence();
  expect(await found()).toEqual([]);
  await inClear(ann, (await entriesOf(ann.id)).slice(-1));
  await world.db.run(
    `update lead set chain_n = $2, chain_head = $3, status = 'subscribed', withdrawn_at = null, withdrawal_commitment = null where id = $1`,
    [ann.id, before!.n, before!.head],
  );
  expect(await found()).toContain('opening_owner');
});

it('names a person of whom every entry is passed off so', async () => {
  const ann = await world.subscribe(page);
  await inClear(ann, await entriesOf(ann.id));
  await world.db.run('delete from lead where id = $1', [ann.id]);
  expect(await found()).toContain('opening_owner');
});

describe('an account that claims to be under deletion', () => {
  let ann: Subscriber;

  /** Moves a person there, and overwrites the last thing they said. */
  async function hide(accountUuid: string, movesPage: boolean): Promise<void> {
    const account = await world.db.first<{ id: string }>('select id from account where public_id = $1', [accountUuid]);
    await world.db.run(
      `insert into account_erasure (public_id, code, account_id, state, asked_at, confirm_until, confirmed_at, key_day, certificate_head)
       values (gen_random_uuid(), 'forged', $1, 'destroying', now(), now(), now(), 1, 'x')`,
      [account!.id],
    );
    const [last] = (await entriesOf(ann.id)).slice(-1);
    await world.db.run(`update ledger_opening set opening_ct = 'gone' where entry_id = $1`, [last!.id]);
    for (const table of ['lead', 'ledger_opening'])
      await world.db.run(`update ${table} set account_id = $1 where ${table === 'lead' ? 'id' : 'lead_id'} = $2`, [
        account!.id,
        ann.id,
      ]);
    if (!movesPage) {
      await world.db.run('update page set account_id = $1, is_ending = true where id = $2', [account!.id, page.id]);
      return;
    }
    // A Page that the key ring does not know.
    const made = await world.db.first<{ id: string }>(
      `insert into page (public_id, account_id, meta_page_id, name, state, opt_in_mode, basis, addresses_eea, rate_per_second,
         time_zone, notice_version, is_ending, created_at, updated_at)
       select gen_random_uuid(), $2, '4711', name, 'disconnected', opt_in_mode, basis, addresses_eea, rate_per_second, time_zone,
         notice_version, true, created_at, updated_at from page where id = $1 returning id`,
      [page.id, account!.id],
    );
    for (const table of ['lead', 'lead_key'])
      await world.db.run(`update ${table} set page_id = $1 where ${table === 'lead' ? 'id' : 'lead_id'} = $2`, [
        made!.id,
        ann.id,
      ]);
  }

  beforeEach(async () => {
    ann = await world.subscribe(page);
  });
  const other = async () =>
    (await makeCreateAccount(world.deps)({ email: 'other@example.com', name: 'Other' })).account.uuid;

  it('hides nobody whose Page has its keys', async () => {
    const uuid = await other();
    await world.deps.erasedAccounts.add(erasedAccountMac(world.keyRing, uuid));
    await hide(uuid, false);
    expect(await found()).toContain('opening_unreadable');
  });

  it('hides nobody of another account while it is really being deleted', async () => {
    const uuid = await other();
    const account = await world.db.first<{ id: string }>('select id from account where public_id = $1', [uuid]);
    await world.deps.erasedAccounts.add(erasedAccountMac(world.keyRing, uuid));
    await hide(uuid, true);
    expect(await found()).not.toContain('lead_key');
    for (const table of ['lead', 'ledger_opening'])
      await world.db.run(`update ${table} set account_id = $1 where account_id = $2`, [page.accountId, account!.id]);
    expect(await found()).toEqual(expect.arrayContaining(['opening_unreadable', 'lead_key']));
  });

  it('hides nobody when its deletion came to its end before', async () => {
    const uuid = await other();
    await world.deps.erasedAccounts.add(erasedAccountMac(world.keyRing, uuid));
    await world.deps.erasedAccounts.add(goneAccountMac(world.keyRing, uuid));
    await hide(uuid, true);
    expect(await found()).toEqual(expect.arrayContaining(['opening_unreadable', 'lead_key']));
  });

  it('hides nobody when nothing beside the key ring knows of its deletion', async () => {
    await hide(await other(), true);
    expect(await found()).toEqual(expect.arrayContaining(['opening_unreadable', 'lead_key']));
  });
});
