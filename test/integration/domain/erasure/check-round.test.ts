import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { skipPendingOfLead, skipRepliesOfLead } from '../../../../src/domain/delivery';
import {
  makeCarryOutErasures,
  makeGetErasure,
  makeRequestErasure,
  type CarryOutErasuresDeps,
  type CheckFootprint,
} from '../../../../src/domain/erasure';
import type * as checkRound from '../../../../src/domain/erasure/check-round';
import { databaseTables, makeCheckFootprint } from '../../../../src/domain/footprint';
import type { Tx } from '../../../../src/domain/sql.types';
import { randomIds } from '../../../../src/kernel/ids';
import type { TestPage } from '../inbox/inbox-world';
import { openProofWorld, type ProofWorld, type Subscriber } from '../proof/proof-world';
import { registerEveryone } from '../recipients/recipients-world';

const mockRemembered: Buffer[] = [];
jest.mock('../../../../src/domain/erasure/check-round', () => {
  const real = jest.requireActual<typeof checkRound>('../../../../src/domain/erasure/check-round');
  const remember: typeof real.remember = (...person) => {
    const remembered = real.remember(...person);
    mockRemembered.push(...remembered.values);
    return remembered;
  };
  return { ...real, remember };
});

let world: ProofWorld;
let page: TestPage;
beforeAll(async () => {
  world = await openProofWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  page = await world.newPage();
  await world.logPage(page);
  world.logged.splice(0);
});
afterEach(() => {
  const remembered = mockRemembered.splice(0);
  expect([remembered.length > 0, remembered.filter((value) => value.some((byte) => byte !== 0))]).toEqual([true, []]);
});

const request = async ({ uuid }: Subscriber): Promise<string> => {
  const asked = { accountId: page.accountId, leadUuid: uuid, erasureUuid: randomUUID(), keepsMark: false };
  const { erasure } = await makeRequestErasure({ ...world.deps, skipPendingOfLead, skipRepliesOfLead })(asked);
  return erasure.uuid;
};
const carryOut = (over: Partial<CarryOutErasuresDeps> = {}): Promise<number> =>
  makeCarryOutErasures({ ...world.deps, keyRingCopy: null, dropBackupFiles: () => Promise.resolve(0), ...over })();
const certificateOf = async (uuid: string): Promise<string | null> =>
  (await makeGetErasure({ db: world.db })({ accountId: page.accountId, uuid })).certificate;
const lineOf = async (uuid: string): Promise<string | undefined> =>
  (await certificateOf(uuid))?.split('\n').find((line) => line.startsWith('footprint '));
const INTERRUPTED = 'footprint not run: the process was interrupted';

/** The real look, and everything that it was given. */
function watched() {
  const given: (readonly (readonly Buffer[])[])[] = [];
  const texts: string[][][] = [];
  const checkFootprint: CheckFootprint = (people) => {
    given.push(people);
    texts.push(people.map((values) => values.map((value) => value.toString())));
    return world.deps.checkFootprint(people);
  };
  return { given, texts, checkFootprint };
}

it('finds nothing of people who are erased together, in one look, and says so behind the head of each certificate', async () => {
  const [ann, bob] = [await world.subscribe(page), await world.subscribe(page)];
  await world.sendTo(page, [ann.id, bob.id]);
  await world.sequence();
  const entries = await world.db.rows<{ id: string }>('select entry_id as id from ledger_opening where lead_id = $1', [
    ann.id,
  ]);
  const { ref } = (await world.db.first<{ ref: string }>(
    `select encode(subject_ref, 'hex') as ref from lead where id = $1`,
    [ann.id],
  ))!;
  const erasures = [await request(ann), await request(bob)];
  const { texts, checkFootprint } = watched();
  expect(await carryOut({ checkFootprint })).toBe(2);
  const ofAnn = texts[0]!.find(([psid]) => psid === ann.psid)!;
  expect([texts.length, [...ofAnn].sort()]).toEqual([
    1,
    [ann.psid, ann.uuid, ref, ...entries.map(({ id }) => id)].sort(),
  ]);
  const patterns = String(ofAnn.length);
  const stores = String((await databaseTables(world.db)).length + 1);
  for (const uuid of erasures) {
    const lines = (await certificateOf(uuid))!.split('\n');
    expect(lines[10]).toBe(
      `footprint 0 hits, ${stores} stores, ${patterns} patterns in all encodings, positive control found`,
    );
  }
  expect(world.logged.filter(({ name }) => name === 'erasures.footprint_found')).toEqual([]);
});

it('says in the certificate how often something was found, and in the log where, never what', async () => {
  const [ann, bob] = [await world.subscribe(page), await world.subscribe(page)];
  await world.db.run('create table planted (words text)');
  await world.db.run('insert into planted values ($1)', [`of ${ann.psid} and of ${ann.uuid}`]);
  const file = path.join(world.ringDir, 'planted');
  writeFileSync(file, Buffer.from(`to ${ann.psid}`).toString('base64'));
  const [ofAnn, ofBob] = [await request(ann), await request(bob)];
  await carryOut();
  await world.db.run('drop table planted');
  rmSync(file);
  expect(await lineOf(ofAnn)).toMatch(/^footprint 3 hits, \d+ stores, \d patterns in all encodings, positive control/);
  expect(await lineOf(ofBob)).toMatch(/^footprint 0 hits, /);
  const found = world.logged.filter(({ name }) => name === 'erasures.footprint_found');
  expect(found.map(({ fields }) => fields)).toEqual(
    expect.arrayContaining([
      { store: 'key ring', count: 1 },
      { store: 'public.planted', count: 2 },
    ]),
  );
  expect(found).toHaveLength(2);
  expect(`${JSON.stringify(world.logged)}${(await certificateOf(ofAnn))!}`).not.toMatch(
    new RegExp(`${ann.psid}|${ann.uuid}`),
  );
});

it('says how far it came when its time was over', async () => {
  let now = 0;
  const tables = await databaseTables(world.db);
  const slow = tables.map((table) => ({
    ...table,
    read: (control: Buffer) => {
      now += 1_000;
      return table.read(control);
    },
  }));
  const stores = () => Promise.resolve(slow);
  const clock = { monotonicMs: () => now };
  const checkFootprint = makeCheckFootprint({ ids: randomIds, clock, stores, budgetMs: 13_000 });
  const ann = await request(await world.subscribe(page));
  await carryOut({ checkFootprint });
  expect(await lineOf(ann)).toMatch(
    new RegExp(`^footprint 0 hits, 12 of ${String(tables.length)} stores, \\d patterns .+, positive control found$`),
  );
});

it('says that it was not run when the process ended between the deletion and the look', async () => {
  const erasures: string[] = [];
  const dying: Partial<CarryOutErasuresDeps>[] = [
    { keyRing: { ...world.keyRing, commit: () => Promise.reject(new Error('killed')) } },
    { checkFootprint: () => Promise.reject(new Error('killed')) },
  ];
  for (const over of dying) {
    erasures.push(await request(await world.subscribe(page)));
    await expect(carryOut(over)).rejects.toThrow('killed');
    expect(await certificateOf(erasures.at(-1)!)).toBeNull();
  }
  const { given, checkFootprint } = watched();
  expect([await carryOut({ checkFootprint }), given]).toEqual([2, []]);
  expect([await lineOf(erasures[0]!), await lineOf(erasures[1]!)]).toEqual([INTERRUPTED, INTERRUPTED]);
});

it('looks also when the copy of the key ring cannot be reached, and a later round signs what it found', async () => {
  const ann = await request(await world.subscribe(page));
  const unreachable = { update: () => Promise.reject(new Error('not mounted')) };
  await expect(carryOut({ keyRingCopy: unreachable })).rejects.toThrow('not mounted');
  expect(await certificateOf(ann)).toBeNull();
  expect(await carryOut()).toBe(1);
  expect(await lineOf(ann)).toMatch(/^footprint 0 hits, /);
});

it('keeps what it found while recipients are waited for', async () => {
  await registerEveryone(world.deps, page);
  const ann = await request(await world.subscribe(page));
  expect([await carryOut(), await certificateOf(ann)]).toEqual([0, null]);
  world.setNow(new Date(world.now().getTime() + 60_000));
  const { given, checkFootprint } = watched();
  expect([await carryOut({ checkFootprint }), given]).toEqual([1, []]);
  expect(await lineOf(ann)).toMatch(/^footprint 0 hits, /);
});

it('does not look for people of a transaction that was rolled back', async () => {
  await request(await world.subscribe(page));
  let runs = 0;
  const transaction: CarryOutErasuresDeps['db']['transaction'] = (work, options) =>
    world.db.transaction(async (tx: Tx) => {
      const result = await work(tx);
      const left = await tx.first<{ n: number }>(
        `select count(*)::int as n from erasure where page_id = $1 and state = 'destroying'`,
        [page.id],
      );
      if (left!.n > 0 && (runs += 1) === 1) await tx.run(`do $$ begin raise exception using errcode = '40001'; end $$`);
      return result;
    }, options);
  const { given, checkFootprint } = watched();
  expect(await carryOut({ db: { ...world.db, transaction }, checkFootprint })).toBe(1);
  expect([runs > 1, given.map((people) => people.length)]).toEqual([true, [1]]);
});

it('says of people who were too many for one look that they were not looked for', async () => {
  const [ann, bob] = [await request(await world.subscribe(page)), await request(await world.subscribe(page))];
  const shared = { stores: 3, looked: 3, isControlFound: true, found: [] };
  const each = [
    { hits: 0, patterns: 4 },
    { hits: 0, patterns: 0 },
  ];
  const given: number[] = [];
  const checkFootprint: CheckFootprint = (people) => {
    given.push(people.length);
    return Promise.resolve({ ...shared, people: each });
  };
  expect([await carryOut({ checkFootprint }), given]).toEqual([2, [2]]);
  expect([await lineOf(ann), await lineOf(bob)].sort()).toEqual([
    'footprint 0 hits, 3 stores, 4 patterns in all encodings, positive control found',
    'footprint not run: too many people were erased at once',
  ]);
});

it('says when no control was found', async () => {
  const ann = await request(await world.subscribe(page));
  const people = [{ hits: 0, patterns: 4 }];
  const checkFootprint: CheckFootprint = () =>
    Promise.resolve({ people, stores: 3, looked: 0, isControlFound: false, found: [] });
  await carryOut({ checkFootprint });
  expect(await lineOf(ann)).toBe(
    'footprint 0 hits, 0 of 3 stores, 4 patterns in all encodings, positive control not found',
  );
});
