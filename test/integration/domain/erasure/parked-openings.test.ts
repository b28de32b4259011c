import { randomUUID } from 'node:crypto';
import { ownOpenings } from '../../../../src/domain/consent';
import type { TestPage } from '../inbox/inbox-world';
import { openReturnsWorld, type ReturnsWorld } from '../returns/returns-world';
import type { Subscriber } from '../proof/proof-world';

/** What a person's row says of their consent. */
const CONSENT = `status, chain_n, chain_head, consent_entry, consent_commitment, consent_n, explicit_act_at, withdrawn_at,
  withdrawal_commitment`;
const STOP = 'assent:v1:unsubscribe';
let world: ReturnsWorld;
let page: TestPage;
beforeEach(async () => {
  world = await openReturnsWorld();
  page = await world.connect();
});
afterEach(() => world.close());

interface Word {
  readonly entryId: string;
  readonly leaf: number;
}

async function lastWordOf({ id }: Subscriber): Promise<Word> {
  const row = await world.db.first<{ entryId: string; leaf: string }>(
    `select entry_id as "entryId", leaf_index as leaf from ledger_opening join ledger_leaf using (entry_id)
      where lead_id = $1 order by leaf_index desc limit 1`,
    [id],
  );
  return { entryId: row!.entryId, leaf: Number(row!.leaf) };
}

/** Somebody with the database alone hides that a person left: the entry stands by another one, and their row is as it was. */
async function hideStopOf(ann: Subscriber, parking: string): Promise<Word> {
  await world.db.run(`create table kept as select id, ${CONSENT} from lead where id = ${ann.id}`);
  await world.tap(page, ann.psid, STOP);
  const word = await lastWordOf(ann);
  await world.db.run(`update ledger_opening set ${parking} where entry_id = $1`, [word.entryId]);
  await world.db.run(
    `delete from evidence_segment where delivery_id =
      (select delivery_id from evidence_segment where lead_id = $1 order by ctid desc limit 1)`,
    [ann.id],
  );
  await world.db.run(`update lead l set (${CONSENT}) = (select ${CONSENT} from kept) where id = ${ann.id}`);
  return word;
}

const named = async (): Promise<(string | number | null)[][]> => {
  await world.sequence();
  return (await world.audit()).findings.map(({ what, leafIndex }) => [what, leafIndex]);
};

it('does not erase with somebody an entry of another person that was put beside theirs, and names it from then on', async () => {
  const [ann, xav] = [await world.write(page), await world.write(page)];
  const { leaf } = await hideStopOf(ann, `lead_id = ${xav.id}`);
  const before = (await world.audit()).erased;
  const own = await world.count('ledger_opening where lead_id = $1', [xav.id]);
  await world.erase(page, xav);
  expect(await named()).toEqual([['opening_missing', leaf]]);
  expect((await world.audit()).erased - before).toBe(own - 1);
});

it('gives no entry to somebody whose key was only lent to them, at a start that gives old entries their MACs', async () => {
  const [ann, xav] = [await world.write(page), await world.write(page)];
  const { entryId } = await hideStopOf(ann, `lead_id = ${xav.id}, owner_mac = null`);
  await world.db.run('create table lent as select * from lead_key where lead_id = $1', [xav.id]);
  await world.db.run(
    `update lead_key x set (bucket, key_version, dek_wrapped) = (select bucket, key_version, dek_wrapped from lead_key
      where lead_id = $1) where lead_id = $2`,
    [ann.id, xav.id],
  );
  expect(await ownOpenings(world)).toBe(0);
  expect(await world.count('ledger_opening where entry_id = $1 and owner_mac is null', [entryId])).toBe(1);
});

it.each([
  ['an account', (account: string) => `account_id = ${account}, lead_id = null, opening_ct = null, opening = 'x'`],
  ['one of its people', () => `lead_id = (select max(id) from lead)`],
])(
  'does not close with an account an entry of another one that was given to %s, and names it from then on',
  async (_name, parking) => {
    const ann = await world.write(page);
    const other = await world.connect();
    await world.write(other);
    const { leaf } = await hideStopOf(ann, parking(other.accountId));
    await world.deleteAccount(other);
    expect(await named()).toEqual([['opening_missing', leaf]]);
  },
);

it('does not close with an account people of a Page that it was only given', async () => {
  const ann = await world.write(page);
  const other = await world.connect();
  const { leaf } = await lastWordOf(ann);
  await world.confirmDeletion(other);
  await world.db.run('update page set account_id = $1 where id = $2', [other.accountId, page.id]);
  await world.db.run('update lead set account_id = $1 where id = $2', [other.accountId, ann.id]);
  await world.finishDeletion();
  expect(await named()).toContainEqual(['opening_missing', leaf]);
});

/** An account takes the name and the entries of a living one, and gives the name back in the end. */
async function lendNameTo(other: TestPage) {
  const rename = (id: string, uuid: string) =>
    world.db.run('update account set public_id = $2 where id = $1', [id, uuid]);
  const { uuid } = (await world.db.first<{ uuid: string }>('select public_id as uuid from account where id = $1', [
    page.accountId,
  ]))!;
  return {
    lend: async () => {
      await rename(page.accountId, randomUUID());
      await rename(other.accountId, uuid);
      const give = 'update ledger_opening set account_id = $1 where account_id = $2';
      await world.db.run(give, [other.accountId, page.accountId]);
      return 0;
    },
    takeBack: () => rename(page.accountId, uuid),
  };
}

it('names an account that stands under the name of a deleted one, which took its entries along', async () => {
  const other = await world.connect();
  const name = await lendNameTo(other);
  await world.confirmDeletion(other);
  await name.lend();
  await world.finishDeletion();
  await name.takeBack();
  expect(await named()).toContainEqual(['account_deleted', null]);
});

it('does not close the entries of an account whose key lives, whatever name another one has when its keys are gone', async () => {
  const other = await world.connect();
  const name = await lendNameTo(other);
  const before = (await world.audit()).closed;
  await world.confirmDeletion(other);
  await world.finishDeletion({ update: name.lend });
  await name.takeBack();
  expect(await named()).toContainEqual(['opening_missing', 0]);
  expect((await world.audit()).closed).toBe(before);
});

it('brings nobody back who was erased while their entries stood by somebody else', async () => {
  const [ann, xav] = [await world.write(page), await world.write(page)];
  const archive = await world.archiveOf(page);
  await world.db.run('update ledger_opening set lead_id = $1 where lead_id = $2', [xav.id, ann.id]);
  await world.erase(page, ann);
  await world.deleteAccount(page);
  expect(await named()).not.toEqual([]);
  const again = await world.connect(page.metaPageId);
  expect((await world.importInto(again, archive)).leads).toMatchObject({ returned: 0 });
});

it('brings nobody back of an account in which one entry stood by somebody else', async () => {
  const [ann, xav] = [await world.write(page), await world.write(page)];
  const archive = await world.archiveOf(page);
  await hideStopOf(ann, `lead_id = ${xav.id}`);
  await world.deleteAccount(page);
  const again = await world.connect(page.metaPageId);
  expect((await world.importInto(again, archive)).leads).toMatchObject({
    returned: 0,
    refused: { page_not_closed: 2 },
  });
});
