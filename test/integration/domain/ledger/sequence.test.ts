import { randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { appendLeadEntry, appendSends, appendSystemEntry, openEntries } from '../../../../src/domain/consent';
import { leadTransaction, lockLeadRow, openLead } from '../../../../src/domain/leads';
import {
  logVkey,
  makeLogProofs,
  makeSequence,
  pendingMac,
  readHead,
  type LeafCopy,
  type SequenceResult,
} from '../../../../src/domain/ledger';
import { openDatabase, type OpenDatabase } from '../../../../src/platform/postgres/database';
import { message, newPsid, openInboxWorld, type InboxWorld, type TestPage } from '../inbox/inbox-world';
import { until } from '../../../support/until';
import { secondOpinion } from '../../../support/second-opinion';
import { naiveConsistency, naivePath, naiveRoot } from '../../../unit/domain/ledger/naive-tree';
import { memoryLeafCopy } from '../../../support/leaf-copy';

let world: InboxWorld;
let copy: string | null;
let leafCopy: LeafCopy;

const copyPort = () => ({
  read: () => Promise.resolve(copy),
  write: (note: string) => {
    copy = note;
    return Promise.resolve();
  },
});
const sequencer = (over: Partial<Parameters<typeof makeSequence>[0]> = {}): (() => Promise<SequenceResult>) =>
  makeSequence({ ...world.deps, checkpointCopy: copyPort(), leafCopy, ...over });

beforeEach(async () => {
  world = await openInboxWorld();
  copy = null;
  leafCopy = memoryLeafCopy();
});
afterEach(() => world.close());

/** Entries as writers leave them, without their openings. */
async function addPending(count: number): Promise<void> {
  const { id, key } = world.keyRing.pendingMacKey();
  const rows = Array.from({ length: count }, () => ({ entryId: randomUUID(), commitment: randomBytes(32) }));
  await world.db.run(
    `insert into ledger_pending (entry_id, commitment, mac, mac_key_id)
     select u.entry_id, u.c, u.mac, $4 from unnest($1::uuid[], $2::bytea[], $3::bytea[]) with ordinality as u (entry_id, c, mac, n) order by n`,
    [
      rows.map(({ entryId }) => entryId),
      rows.map(({ commitment }) => commitment),
      rows.map(({ entryId, commitment }) => pendingMac(key, entryId, commitment)),
      id,
    ],
  );
}

async function storedInputs(): Promise<Buffer[]> {
  const tiles = await world.db.rows<{ hashes: Buffer }>('select hashes from ledger_tile where level = -1 order by n');
  const all = Buffer.concat(tiles.map(({ hashes }) => hashes));
  return Array.from({ length: all.length / 32 }, (_, at) => all.subarray(at * 32, at * 32 + 32));
}

it('signs what it is given, over the boundaries of tiles, as the tree of RFC 6962', async () => {
  const sequence = sequencer();
  expect(await sequence()).toEqual({ kind: 'idle' });
  for (const count of [255, 1, 1, 255, 8_193]) {
    await addPending(count);
    while ((await sequence()).kind === 'signed');
    const inputs = await storedInputs();
    const head = (await readHead(world.db))!;
    expect(head.size).toBe(inputs.length);
    expect(head.root).toEqual(naiveRoot(inputs));
    expect(copy).toBe(head.note);
    expect(await leafCopy.read(0, head.size + 1)).toEqual(Buffer.concat(inputs));
  }
  const inputs = await storedInputs();
  const proofs = makeLogProofs(world.db);
  const indexes = [0, 255, 256, 511, 8_704];
  const isIncluded = secondOpinion(logVkey(world.keyRing, world.deps.logOrigin));
  const paths = await proofs.inclusion(indexes, inputs.length);
  for (const [at, index] of indexes.entries()) {
    expect(isIncluded({ note: copy!, index, input: inputs[index]!, path: paths[at]! })).toBe(true);
    expect(isIncluded({ note: copy!, index, input: inputs[index + 1] ?? inputs[0]!, path: paths[at]! })).toBe(false);
  }
  expect(await proofs.inclusion(indexes, inputs.length)).toEqual(indexes.map((index) => naivePath(index, inputs)));
  expect(await proofs.consistency(257, inputs.length)).toEqual(naiveConsistency(257, inputs));
  expect(await proofs.root(512)).toEqual(naiveRoot(inputs.slice(0, 512)));
});

it('signs more than a level of tiles holds, in several batches', async () => {
  const sequence = sequencer();
  await addPending(65_535);
  const sizes: number[] = [];
  for (const count of [0, 1, 1]) {
    if (count > 0) await addPending(count);
    for (let done = await sequence(); done.kind === 'signed'; done = await sequence()) sizes.push(done.size);
    expect((await readHead(world.db))!.root).toEqual(naiveRoot(await storedInputs()));
  }
  expect(sizes).toEqual([8_192, 16_384, 24_576, 32_768, 40_960, 49_152, 57_344, 65_535, 65_536, 65_537]);
  const tiles = await world.db.rows('select level, count(*)::int as n from ledger_tile group by level order by level');
  expect(tiles).toEqual([
    { level: -1, n: 257 },
    { level: 0, n: 257 },
    { level: 1, n: 1 },
    { level: 2, n: 1 },
  ]);
  const inputs = await storedInputs();
  expect(await makeLogProofs(world.db).inclusion([65_536, 0], 65_537)).toEqual([
    naivePath(65_536, inputs),
    naivePath(0, inputs),
  ]);
});

it('gives each entry one leaf when two sequencers run at once', async () => {
  await addPending(300);
  const results = await Promise.all([sequencer()(), sequencer()()]);
  expect(results.reduce((sum, done) => sum + (done.kind === 'signed' ? done.added : 0), 0)).toBe(300);
  expect(await world.count('ledger_leaf')).toBe(300);
  expect((await readHead(world.db))!.root).toEqual(naiveRoot(await storedInputs()));
});

it('copies one checkpoint at a time: whoever signed less does not write after whoever signed more', async () => {
  const [written, begun]: [string[], string[]] = [[], []];
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const copying = (name: string, before: Promise<void>) => ({
    read: () => Promise.resolve(null),
    write: async () => {
      begun.push(name);
      await before;
      written.push(name);
    },
  });
  await addPending(1);
  const first = sequencer({ checkpointCopy: copying('first', held) })();
  await until('the first is writing', () => begun.length === 1);
  await addPending(1);
  const second = sequencer({ checkpointCopy: copying('second', Promise.resolve()) })();
  await until(
    'the second waits',
    async () => (await world.count(`pg_locks where locktype = 'advisory' and not granted`)) === 1,
  );
  expect(begun).toEqual(['first']);
  release();
  await Promise.all([first, second]);
  expect(written).toEqual(['first', 'second']);
});

it('sets aside what no process of ours wrote, and what has its leaf, and signs the rest', async () => {
  const sequence = sequencer();
  await addPending(3);
  await sequence();
  await addPending(2);
  const known = await world.db.first<{ entry: string }>(
    'select entry_id as entry from ledger_leaf where leaf_index = 1',
  );
  const { id, key } = world.keyRing.pendingMacKey();
  const commitment = randomBytes(32);
  for (const [entry, mac, keyId] of [
    [randomUUID(), randomBytes(16), id],
    [randomUUID(), randomBytes(16), 99],
    [known!.entry, pendingMac(key, known!.entry, commitment), id],
  ] as const) {
    await world.db.run('insert into ledger_pending (entry_id, commitment, mac, mac_key_id) values ($1, $2, $3, $4)', [
      entry,
      commitment,
      mac,
      keyId,
    ]);
  }
  expect(await sequence()).toMatchObject({ kind: 'signed', size: 5, added: 2, rejected: 3 });
  const reasons = await world.db.rows<{ reason: string }>('select reason from ledger_rejected order by id');
  expect(reasons.map(({ reason }) => reason)).toEqual(['mac', 'mac', 'repeated']);
  expect(world.logged).toContainEqual({ name: 'ledger.rows_rejected', fields: { count: 3 } });
  expect(await world.count('ledger_pending')).toBe(0);
});

describe('refuses to sign, and changes nothing,', () => {
  const halted = async (code: string) => {
    await addPending(1);
    await expect(sequencer()()).rejects.toMatchObject({ code });
    expect(await world.count('ledger_pending')).toBe(1);
  };
  beforeEach(async () => {
    await addPending(300);
    await sequencer()();
  });

  it.each([
    [
      'a leaf hash at the edge',
      `update ledger_tile set hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) where level = 0 and n = 1`,
    ],
    [
      'a leaf input at the edge',
      `update ledger_tile set hashes = set_byte(hashes, 5, get_byte(hashes, 5) # 1) where level = -1 and n = 1`,
    ],
    ['a hash above', `update ledger_tile set hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) where level = 1`],
    ['a tile of the edge gone', `delete from ledger_tile where level = 0 and n = 1`],
    ['the root of the checkpoint', `update ledger_checkpoint set root = set_byte(root, 0, get_byte(root, 0) # 1)`],
    ['another size of the checkpoint', `update ledger_checkpoint set size = 299`],
  ])('after an edit of %s', async (_name, sql) => {
    await world.db.run(sql);
    await halted('log_forked');
  });

  it('when the checkpoint is not signed by our key', async () => {
    await world.db.run(`update ledger_checkpoint set note = replace(note, 'log.test', 'log.tesT')`);
    await halted('log_unsigned');
  });

  it('when the database was set back behind the checkpoint beside the keys', async () => {
    await addPending(1);
    await sequencer()();
    await world.db.run('delete from ledger_checkpoint where size = 301');
    await world.db.run('delete from ledger_leaf where leaf_index = 300');
    await world.db.run(
      'update ledger_tile set hashes = substring(hashes for length(hashes) - 32) where level < 1 and n = 1',
    );
    await halted('log_behind');
  });

  it('when the copy beside the keys was changed', async () => {
    copy = copy!.replace('\n300\n', '\n301\n');
    await halted('log_unsigned');
  });

  it.each([
    [
      'is not the one',
      `update ledger_tile set hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1) where level = 0 and n = 1`,
    ],
    ['lacks a tile of the one', `delete from ledger_tile where level = 0 and n = 1`],
  ])('when an older part of the log %s the copy tells of', async (_name, sql) => {
    const older = copy;
    await addPending(300);
    await sequencer()();
    copy = older;
    await world.db.run(sql);
    await halted('log_forked');
  });
});

it('goes on after a death between the commit and the copy, and after one in mid-transaction', async () => {
  await addPending(5);
  const dies = { read: () => Promise.resolve(copy), write: () => Promise.reject(new Error('killed')) };
  await expect(sequencer({ checkpointCopy: dies })()).rejects.toThrow('killed');
  expect(copy).toBeNull();
  await addPending(5);
  expect(await sequencer()()).toMatchObject({ size: 10 });
  const stops = {
    ...world.deps.clock,
    now: () => {
      throw new Error('killed');
    },
  };
  await addPending(1);
  await expect(sequencer({ clock: stops })()).rejects.toThrow('killed');
  expect([await world.count('ledger_pending'), (await readHead(world.db))!.size]).toEqual([1, 10]);
  expect(await sequencer()()).toMatchObject({ size: 11 });
});

it('never gives a checkpoint a time before the one before it', async () => {
  await addPending(1);
  await sequencer()();
  const first = (await readHead(world.db))!.signedAt;
  world.setNow(new Date(first.getTime() - 3_600_000));
  await addPending(1);
  await sequencer()();
  expect((await readHead(world.db))!.signedAt).toEqual(first);
});

/** What one writer does: webhooks of people, with all that the program makes of them, and entries by themselves. */
type Act = 'join' | 'leave' | 'return' | 'person' | 'system' | 'sends' | 'rolled back';

it('makes one log of any interleaving of writers, sequencers and deaths, with one leaf for each committed entry', async () => {
  const acts = fc.array(
    fc.constantFrom<Act>('join', 'leave', 'leave', 'return', 'person', 'system', 'sends', 'rolled back'),
    { minLength: 4, maxLength: 14 },
  );
  const page = await world.newPage();
  const stage: Stage = { page, psids: [newPsid(), newPsid()], atMs: world.now().getTime() - 3_600_000 };
  for (const psid of stage.psids) await world.deliver(page, message(page, psid, new Date(stage.atMs), 'hello'));
  await fc.assert(
    fc.asyncProperty(
      acts,
      fc.integer({ min: 1, max: 3 }),
      fc.array(fc.boolean(), { minLength: 3, maxLength: 6 }),
      async (work, writers, deaths) => {
        const queue = [...work];
        const write = async (): Promise<void> => {
          for (let act = queue.pop(); act !== undefined; act = queue.pop()) await perform(stage, act);
        };
        await Promise.all([...Array.from({ length: writers }, write), ...deaths.map((dies) => sequenceOrDie(dies))]);
        await world.drain();
        await signAll();
        const rows = await entries();
        expect(rows.every(({ index }) => index !== null)).toBe(true);
        expect(await world.count('ledger_leaf')).toBe(rows.length);
        expect(await world.count('ledger_pending')).toBe(0);
        await expectLinear();
        await expectEffects(stage);
      },
    ),
    { numRuns: 12 },
  );
});

/** A connection that was cut may hold the lock of the log a moment longer than its client hears of it. */
const signAll = () =>
  until('the log to hold all that waits', async () => {
    while ((await sequencer()()).kind === 'signed');
    return (await world.count('ledger_pending')) === 0;
  });

interface Stage {
  readonly page: TestPage;
  readonly psids: string[];
  /** Of the newest thing a person did. */
  atMs: number;
  /** Entries that concern nobody. */
  system?: number;
  shown?: number;
}

const NOTICE = { version: 1, language: 'en', surface: 's', sha256: Buffer.alloc(32) };

/** Every committed effect has exactly one entry, and nothing else has: what people did and what their chains say agree. */
async function expectEffects({ page, psids, system = 0, shown = 0 }: Stage): Promise<void> {
  const kinds: string[] = [];
  for (const psid of psids) {
    const lead = (await world.leadOf(page, psid))!;
    const bodies = (await openEntries(world.db, lead.dek, lead.id)).map(
      ({ body }) => JSON.parse(body.toString()) as { kind: string; subject: { n: number } },
    );
    const chain = bodies.toSorted((x, y) => x.subject.n - y.subject.n).map(({ kind }) => kind);
    const acts = chain.filter((kind) => kind !== 'notice_shown');
    const turns = Array.from({ length: acts.length }, (_, at) =>
      at === 0 ? 'opt_in' : at % 2 === 1 ? 'withdraw' : 're_opt_in',
    );
    expect(acts).toEqual(turns);
    expect(lead.status).toBe(acts.at(-1) === 'withdraw' ? 'unsubscribed' : 'subscribed');
    kinds.push(...chain);
  }
  expect(kinds.filter((kind) => kind === 'notice_shown')).toHaveLength(shown);
  expect(await world.count('lead')).toBe(psids.length);
  expect(await world.count('ledger_opening where lead_id is null')).toBe(system);
  expect(await world.count('ledger_opening')).toBe(kinds.length + system);
}

const entries = () =>
  world.db.rows<{ entryId: string; index: string | null }>(
    'select o.entry_id as "entryId", f.leaf_index as index from ledger_opening o left join ledger_leaf f using (entry_id)',
  );

async function perform(stage: Stage, act: Act): Promise<void> {
  const { page, psids } = stage;
  const someone = psids[Math.floor(Math.random() * psids.length)]!;
  stage.atMs += 1_000;
  const say = (psid: string, text: string) => world.deliver(page, message(page, psid, new Date(stage.atMs), text));
  if (act === 'join') {
    const psid = newPsid();
    await say(psid, 'hello');
    // Another writer's drain may have taken this delivery and still be at it when ours returns.
    await until('the person to be a lead', async () => (await world.leadOf(page, psid)) !== undefined);
    psids.push(psid);
  } else if (act === 'leave') await say(someone, 'STOP');
  else if (act === 'return') await say(someone, 'START');
  else await append(stage, someone, act);
}

async function append(stage: Stage, psid: string, act: Exclude<Act, 'join' | 'leave' | 'return'>): Promise<void> {
  const { page } = stage;
  const { id } = (await world.leadOf(page, psid))!;
  const work = leadTransaction(world.deps, async (tx) => {
    if (act === 'system') {
      await appendSystemEntry(tx, world.deps, page.accountId, {
        kind: 'notice',
        metaPageId: page.metaPageId,
        notice: NOTICE,
      });
    } else if (act === 'sends') {
      const commitments = [randomBytes(32), randomBytes(32)];
      const broadcast = {
        broadcastId: '1',
        broadcastUuid: randomUUID(),
        contentSha256: randomBytes(32),
        isTest: false,
        at: world.now(),
      };
      await appendSends(tx, world.deps, {
        ...broadcast,
        accountId: page.accountId,
        pageId: page.id,
        metaPageId: page.metaPageId,
        commitments,
      });
    } else {
      const lead = openLead(world.keyRing, page, (await lockLeadRow(tx, id))!);
      await appendLeadEntry(tx, world.deps, lead, page, { kind: 'notice_shown', notice: NOTICE, mid: 'm' });
      if (act === 'rolled back') throw new RangeError('rolled back');
    }
  });
  if (act === 'rolled back') return expect(work).rejects.toThrow('rolled back');
  await work;
  if (act === 'person') stage.shown = (stage.shown ?? 0) + 1;
  else stage.system = (stage.system ?? 0) + 1;
}

/** A sequencer whose connection may be cut at a random moment. */
async function sequenceOrDie(dies: boolean): Promise<void> {
  const applicationName = `doomed-${randomUUID()}`;
  const db: OpenDatabase = await openDatabase({ url: world.url, poolSize: 2, applicationName });
  const run = makeSequence({ ...world.deps, db, checkpointCopy: copyPort(), leafCopy });
  const work = run().catch(() => undefined);
  if (dies) {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 6));
    await world.db.run('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [
      applicationName,
    ]);
  }
  await work;
  await db.close().catch(() => undefined);
}

async function expectLinear(): Promise<void> {
  const inputs = await storedInputs();
  const head = (await readHead(world.db))!;
  expect([head.size, head.root]).toEqual([inputs.length, naiveRoot(inputs)]);
  expect(await world.db.rows('select from ledger_leaf where leaf_index >= $1', [inputs.length])).toEqual([]);
  const chains = await world.db.rows<{ n: number; entries: string }>(
    'select chain_n as n, (select count(*) from ledger_opening where lead_id = l.id) as entries from lead l',
  );
  expect(chains.map(({ n }) => n)).toEqual(chains.map(({ entries: count }) => Number(count)));
}
