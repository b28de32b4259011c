import { createHash } from 'node:crypto';
import { opened, rewritten } from '../backup/backup-world';
import { message, newPsid, type TestPage } from '../inbox/inbox-world';
import { openReturnsWorld, returnStraight, streamOf, type ReturnsWorld } from './returns-world';

const MINUTE_MS = 60_000;
let world: ReturnsWorld;
let page: TestPage;

beforeAll(async () => {
  world = await openReturnsWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  page = await world.connect();
});

const sound = async (): Promise<void> => {
  await world.sequence();
  expect((await world.audit()).findings).toEqual([]);
};
const came = async (into: TestPage, archive: Buffer) => (await world.importInto(into, archive)).leads;
const later = (ms: number) => world.setNow(new Date(world.now().getTime() + ms));

/** The manifest anew for other records, as somebody writes it who has no key of the log. */
function forged(lines: readonly string[]): string[] {
  const end = JSON.parse(lines.at(-2)!) as { manifest: string; note: string };
  const manifest = JSON.parse(Buffer.from(end.manifest, 'base64').toString()) as { files: Record<string, string> };
  const records = lines.slice(1, -2).map((line) => `${line}\n`);
  manifest.files['chunks/000001.ndjson'] = createHash('sha256').update(records.join('')).digest('hex');
  const bytes = Buffer.from(JSON.stringify(manifest));
  const signed = Buffer.from(end.note, 'base64').toString().split('\n');
  signed[2] = createHash('sha256').update(bytes).digest('hex');
  const note = Buffer.from(signed.join('\n')).toString('base64');
  return [...lines.slice(0, -2), JSON.stringify({ manifest: bytes.toString('base64'), note }), ''];
}

it('believes no archive whose proofs are not, byte for byte, what was signed', async () => {
  const [ann] = [await world.write(page), await world.write(page)];
  await world.tap(page, ann.psid, 'assent:v1:unsubscribe');
  const archive = await world.archiveOf(page);
  await world.deleteAccount(page);
  const again = await world.connect(page.metaPageId);
  const lines = streamOf(await opened(archive))
    .toString()
    .split('\n');
  const changes: Record<string, string[]> = {
    dropped: lines.filter((_, at) => at !== 1),
    swapped: [lines[0]!, lines[2]!, lines[1]!, ...lines.slice(3)],
    common: [lines[0]!.replace('README', 'READMY'), ...lines.slice(1)],
    cut: lines.slice(0, 2),
    unsigned: [...lines.slice(0, 3), '{"manifest":"e30=","note":"e30="}', ''],
    forged: forged([lines[0]!, lines[1]!, ...lines.slice(3)]),
    none: [],
  };
  for (const [name, changed] of Object.entries(changes)) {
    const odd = await rewritten(world, archive, (files) =>
      files.set('proofs/000001.ndjson', Buffer.from(changed.join('\n'))),
    );
    expect([name, await came(again, odd)]).toEqual([
      name,
      { inArchive: 2, returned: 0, already: 0, refused: { no_proof: 2 } },
    ]);
  }
  const other = await rewritten(world, archive, (files) => files.delete('proofs/000001.ndjson'));
  expect((await came(again, other)).refused).toEqual({ no_proof: 2 });
  expect(await world.count('lead where account_id = $1', [again.accountId])).toBe(0);
});

it('believes no record that this log does not hold, whole and as it is', async () => {
  const psid = newPsid();
  const [hello, time] = [message(page, psid, world.now(), 'hello'), world.now().getTime()];
  // The time of the body follows the event's, as Meta's does.
  await world.store({ object: 'page', entry: [{ id: page.metaPageId, time, messaging: [hello] }] });
  await world.drain();
  const ann = await world.write(page, psid);
  await world.tap(page, ann.psid, 'assent:v1:unsubscribe');
  later(MINUTE_MS);
  await world.tap(page, ann.psid, 'assent:v1:subscribe');
  const archive = await world.archiveOf(page);
  await world.deleteAccount(page);
  const again = await world.connect(page.metaPageId);
  const edited = (path: string, edit: (text: string) => string) => (files: Map<string, Buffer>) =>
    files.set(path, Buffer.from(edit(files.get(path)!.toString('latin1')), 'latin1'));
  const without = (start: string) => (files: Map<string, Buffer>) =>
    new Map([...files].filter(([path]) => !path.startsWith(start)));
  const changes: Record<string, (files: Map<string, Buffer>) => Map<string, Buffer> | null> = {
    body: edited('entries/0001.json', (text) => text.replace('"hello', '"hallo').replace('opt_in', 'opt_on')),
    nonce: edited('entries/0002.nonce', (text) => `${text.slice(1)}x`),
    leaf: edited('entries/0002.tlog-proof', (text) => text.replace(/index \d+/, 'index 0')),
    nowhere: edited('entries/0002.tlog-proof', (text) => text.replace(/index \d+/, 'index 999999')),
    last: edited('entries/0004.json', (text) => text.replace('"basis":"gdpr', '"basis":"GDPR')),
    first: without('entries/0001'),
    middle: without('entries/0003'),
    event: without('evidence/0001/seg.001'),
    evidence: without('evidence/0001'),
    envelope: without('evidence/0001/seg.000'),
    envelopes: (files) => without('evidence/0001/seg.000')(without('evidence/0001/seg.002')(files)),
    words: edited('evidence/0001/seg.001.bin', (text) => text.replace('hello', 'hallo')),
    nothing: () => new Map(),
    none: () => null,
  };
  for (const [name, change] of Object.entries(changes))
    expect([name, (await returnStraight(world, again, archive, change)).refused]).toEqual([name, { proof_broken: 1 }]);
  expect(await world.count('lead where account_id = $1', [again.accountId])).toBe(0);
  expect((await returnStraight(world, again, archive, undefined, { texts: new Map() })).refused).toEqual({
    proof_broken: 1,
  });
  // Cut where it ended in consent, it is not the last that they said.
  const cut = (files: Map<string, Buffer>) => new Map([...files].filter(([path]) => !/000[34]/.test(path)));
  expect((await returnStraight(world, again, archive, cut)).refused).toEqual({ went_on: 1 });
  expect(await returnStraight(world, again, archive)).toMatchObject({ returned: 1, refused: {} });
});

it('goes on where it was cut off, and tells how far it is', async () => {
  for (let person = 0; person < 3; person += 1) await world.write(page);
  const archive = await world.archiveOf(page);
  await world.deleteAccount(page);
  const again = await world.connect(page.metaPageId);
  let transactions = 0;
  const db = {
    ...world.db,
    transaction: ((work, options) => {
      transactions += 1;
      return transactions > 2 ? Promise.reject(new Error('killed')) : world.db.transaction(work, options);
    }) as typeof world.db.transaction,
  };
  await expect(returnStraight(world, again, archive, undefined, { db, batchPeople: 1 })).rejects.toThrow('killed');
  expect(await world.count('lead where account_id = $1', [again.accountId])).toBe(2);
  expect((await world.audit()).findings).toEqual([]);
  await sound();
  expect(await returnStraight(world, again, archive, undefined, { batchPeople: 1 })).toEqual({
    returned: 1,
    already: 2,
    refused: {},
    heard: expect.arrayContaining([1]) as number[],
  });
  await sound();
});

it('is the same when two imports run at once', async () => {
  for (let person = 0; person < 4; person += 1) await world.write(page);
  const archive = await world.archiveOf(page);
  await world.deleteAccount(page);
  const again = await world.connect(page.metaPageId);
  const both = await Promise.all(
    [1, 2].map((batchPeople) => returnStraight(world, again, archive, undefined, { batchPeople })),
  );
  expect(both.reduce((sum, { returned }) => sum + returned, 0)).toBe(4);
  expect(both.reduce((sum, { already }) => sum + already, 0)).toBe(4);
  await sound();
});

it('stands beside an erasure and a deletion that come meanwhile', async () => {
  for (let person = 0; person < 6; person += 1) await world.write(page);
  const archive = await world.archiveOf(page);
  await world.deleteAccount(page);
  const again = await world.connect(page.metaPageId);
  const anew = await world.write(again);
  const [counts] = await Promise.all([
    returnStraight(world, again, archive, undefined, { batchPeople: 1 }),
    world.erase(again, anew),
  ]);
  expect(counts.returned + (counts.refused.page_not_closed ?? 0)).toBe(6);
  await sound();
  expect((await returnStraight(world, again, archive)).returned).toBe(0);

  const last = await world.archiveOf(again);
  await world.deleteAccount(again);
  const third = await world.connect(page.metaPageId);
  const outcome = returnStraight(world, third, last, undefined, { batchPeople: 1 });
  await world.confirmDeletion(third);
  const { returned, refused } = await outcome;
  expect(returned + (refused.page_not_connected ?? 0)).toBe(counts.returned);
  await world.finishDeletion();
  expect(await world.count('lead where account_id = $1', [third.accountId])).toBe(0);
  await sound();
});

const leavesOf = async (id: string): Promise<number[]> => {
  const rows = await world.db.rows<{ index: string }>(
    `select leaf_index as index from ledger_opening join ledger_leaf using (entry_id) where lead_id = $1 order by 1`,
    [id],
  );
  return rows.map(({ index }) => Number(index));
};

/** Gives leaves what stands beside the other ones, and those the other way round. */
const swap = (columns: readonly string[], one: readonly number[], other: readonly number[]): Promise<number> =>
  world.db.run(
    `update ledger_leaf f set ${columns.map((column) => `${column} = o.${column}`).join(', ')}
      from unnest($1::bigint[], $2::bigint[]) as s (a, b) join ledger_leaf o on true
     where (f.leaf_index, o.leaf_index) in ((s.a, s.b), (s.b, s.a))`,
    [one, other],
  );

it.each([[['state']], [['state', 'chain_end_mac']], [['state', 'closed_mac', 'chain_end_mac']]])(
  'brings nobody back who was erased, where %s of their leaves was swapped with that of others, and names it',
  async (columns) => {
    const [ann, bob] = [await world.write(page), await world.write(page)];
    await world.sequence();
    const [ofAnn, ofBob] = [await leavesOf(ann.id), await leavesOf(bob.id)];
    expect([ofAnn.length > 0, ofAnn.length]).toEqual([true, ofBob.length]);
    const archive = await world.archiveOf(page);
    await world.erase(page, ann);
    await world.deleteAccount(page);
    await sound();
    const again = await world.connect(page.metaPageId);
    await world.db.run('alter table ledger_leaf drop constraint ledger_leaf_end_is_closed');
    await swap(columns, ofAnn, ofBob);
    const { findings } = await world.audit();
    expect(findings.map(({ what, leafIndex }) => [what, leafIndex])).toEqual(
      [...ofAnn, ...ofBob].sort((a, b) => a - b).map((leaf) => ['leaf_state', leaf]),
    );
    expect(await came(again, archive)).toMatchObject({ returned: 0, refused: { not_closed: 2 } });
    await swap(columns, ofAnn, ofBob);
    await world.db.run(
      `alter table ledger_leaf add constraint ledger_leaf_end_is_closed check (chain_end_mac is null or state = 'closed')`,
    );
    expect(await came(again, archive)).toMatchObject({ returned: 1, refused: { erased: 1 } });
    await sound();
  },
);

it('brings nobody back whose end was marked by somebody who has no key', async () => {
  const [ann, bob] = [await world.write(page), await world.write(page)];
  const archive = await world.archiveOf(page);
  await world.tap(page, ann.psid, 'assent:v1:unsubscribe');
  await world.sequence();
  const ends = [(await leavesOf(ann.id)).at(-2)!, (await leavesOf(bob.id)).at(-1)!];
  await world.deleteAccount(page);
  const again = await world.connect(page.metaPageId);
  await world.db.run(
    `update ledger_leaf f set chain_end_mac = o.chain_end_mac from ledger_leaf o where f.leaf_index = $1 and o.leaf_index = $2`,
    ends,
  );
  expect(await came(again, archive)).toMatchObject({ returned: 1, refused: { went_on: 1 } });
});
