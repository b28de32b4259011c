import { randomIds } from '../../../../src/kernel/ids';
import { makeAnnounceKeys, makeRotateLogKey, makeSettleLogKeys } from '../../../../src/domain/consent';
import {
  logSigner,
  logVkey,
  makeReadLog,
  makeSequence,
  readHead,
  readSignedCheckpoint,
} from '../../../../src/domain/ledger';
import { isSignedBy, parseNote, parseVkey, signNote } from '../../../../src/domain/ledger/note.rules';
import type { KeyRing } from '../../../../src/domain/keyring.types';
import { makeAuditLedger } from '../../../../src/domain/proof';
import { memoryLeafCopy } from '../../../support/leaf-copy';
import { openInboxWorld, type InboxWorld } from '../inbox/inbox-world';

const DAY_MS = 86_400_000;
const rotating = expect.objectContaining({ code: 'log_key_rotating' }) as Error;

let world: InboxWorld;
let copy: string | null;
let first: string;
beforeEach(async () => {
  world = await openInboxWorld();
  first = vkeyOf();
  copy = null;
});
afterEach(() => world.close());

const checkpointCopy = {
  read: () => Promise.resolve(copy),
  write: (note: string) => {
    copy = note;
    return Promise.resolve();
  },
};
const leafCopy = memoryLeafCopy();
const depsOf = (keyRing: KeyRing) => ({ ...world.deps, keyRing });
const rotate = (keyRing = world.keyRing) => makeRotateLogKey(depsOf(keyRing))();
const settle = (keyRing = world.keyRing) => makeSettleLogKeys(depsOf(keyRing))();
const sequence = (keyRing = world.keyRing) => makeSequence({ ...depsOf(keyRing), checkpointCopy, leafCopy })();
const audit = () => makeAuditLedger({ ...world.deps, checkpointCopy })();
const vkeyOf = (keyRing = world.keyRing): string => logVkey(keyRing, world.deps.logOrigin);
const later = (days: number, ms = 0): void => world.setNow(new Date(world.now().getTime() + days * DAY_MS + ms));

/** An entry that says nothing of the key of now: it is that of the first one that is written beside a secret. */
const addEntry = (): Promise<void> =>
  makeAnnounceKeys(world.deps)({ vkey: first, appSecrets: [randomIds.bytes(16).toString('hex')] });

/** Has one more entry signed by a process. @returns whether each of the keys has signed the checkpoint */
async function signNext(keys: readonly string[], keyRing?: KeyRing): Promise<boolean[]> {
  await addEntry();
  await sequence(keyRing);
  const note = parseNote((await readHead(world.db))!.note)!;
  return keys.map((vkey) => isSignedBy(note, parseVkey(vkey)!));
}

const announced = async (): Promise<unknown[]> => {
  const rows = await world.db.rows<{ opening: Buffer }>(
    `select o.opening from ledger_announced a join ledger_opening o using (entry_id)
      left join ledger_leaf l using (entry_id) left join ledger_pending p using (entry_id) order by l.leaf_index, p.id`,
  );
  return rows.flatMap(({ opening }) => {
    const body = JSON.parse(opening.subarray(0, -64).toString()) as { kind: string; vkey?: string };
    return body.kind === 'log_key' ? [body.vkey] : [];
  });
};

it('signs with both keys for 30 days from when the log names the new one, in every process, and then with that alone', async () => {
  const other = await world.otherRing();
  const old = vkeyOf();
  expect(await signNext([old])).toEqual([true]);
  const { vkey, former } = await rotate();
  expect([vkeyOf(), former]).toEqual([vkey, old]);
  const keys = [old, vkey];
  // The other process still holds the old key alone; what it signs next holds the entry of the new one.
  expect(vkeyOf(other)).toBe(old);
  expect(await signNext(keys, other)).toEqual([true, true]);
  later(1);
  expect(await settle(other)).toBe(1);
  expect(await settle()).toBe(0);
  later(30, -1);
  for (const ring of [world.keyRing, other]) expect(await signNext(keys, ring)).toEqual([true, true]);
  expect(await settle()).toBe(0);
  later(0, 1);
  // Before housekeeping has destroyed the old seed.
  for (const ring of [world.keyRing, other]) expect(await signNext(keys, ring)).toEqual([false, true]);
  expect(await settle()).toBe(1);
  expect(world.keyRing.formerLogKeys()[0]!.seed).toBeNull();
  for (const ring of [other, await world.otherRing()]) expect(await signNext(keys, ring)).toEqual([false, true]);
  expect(await announced()).toEqual(expect.arrayContaining(keys));
  expect(await audit()).toMatchObject({ ok: true, findings: [] });
});

it('signs the entry of the new key with both, also when that is written while another process signs', async () => {
  const other = await world.otherRing();
  await addEntry();
  let isRotated = false;
  const transaction: typeof world.db.transaction = (work, options) =>
    world.db.transaction(
      (tx) =>
        work({
          ...tx,
          rows: async (text, values) => {
            if (text.includes('delete from ledger_pending') && !isRotated) {
              isRotated = true;
              await rotate();
            }
            return tx.rows(text, values);
          },
        }),
      options,
    );
  await makeSequence({ ...depsOf(other), db: { ...world.db, transaction }, checkpointCopy, leafCopy })();
  const note = parseNote((await readHead(world.db))!.note)!;
  expect([first, vkeyOf()].map((vkey) => isSignedBy(note, parseVkey(vkey)!))).toEqual([true, true]);
});

it('is taken up by a process that slept through all of it', async () => {
  const [sleeper, auditor, reader] = await Promise.all([world.otherRing(), world.otherRing(), world.otherRing()]);
  await signNext([first]);
  const { vkey } = await rotate();
  await signNext([first]);
  await settle();
  const until = new Date(world.now().getTime() + 30 * DAY_MS);
  later(31);
  await settle();
  expect(await signNext([first, vkey])).toEqual([false, true]);
  expect(await makeReadLog({ ...depsOf(reader), db: world.db }).keys()).toEqual({
    vkey,
    former: [{ vkey: first, successorLeaf: expect.any(Number) as number, signsUntil: until }],
  });
  expect(await makeAuditLedger({ ...depsOf(auditor), checkpointCopy })()).toMatchObject({ ok: true });
  expect(await signNext([first, vkey], sleeper)).toEqual([false, true]);
});

it('lets the old key sign as long as the log does not name the new one, however long nobody signs', async () => {
  const old = vkeyOf();
  await signNext([old]);
  const { vkey } = await rotate();
  later(40);
  expect(await settle()).toBe(0);
  expect(await signNext([old, vkey])).toEqual([true, true]);
  expect(await settle()).toBe(1);
  expect(await signNext([old, vkey])).toEqual([true, true]);
});

/** The command, killed at one of its transactions. */
function rotateUntil(killedAt: number): Promise<unknown> {
  let made = 0;
  const transaction: typeof world.db.transaction = (work, options) =>
    (made += 1) === killedAt ? Promise.reject(new Error('killed')) : world.db.transaction(work, options);
  return makeRotateLogKey({ ...world.deps, db: { ...world.db, transaction } })();
}

it.each([
  ['housekeeping', () => settle()],
  ['the same command', () => rotate()],
])('is finished after a death between the key and its entry, by %s', async (_name, finish) => {
  await signNext([first]);
  await expect(rotateUntil(1)).rejects.toThrow('killed');
  expect(vkeyOf()).toBe(first);
  await expect(rotateUntil(2)).rejects.toThrow('killed');
  const second = vkeyOf();
  expect(second).not.toBe(first);
  expect(await announced()).toEqual([first]);
  // Nobody has finished it, and the log goes on.
  expect(await signNext([first, second])).toEqual([true, true]);
  await finish();
  expect(vkeyOf()).toBe(second);
  expect(await announced()).toEqual([first, second]);
  expect(await signNext([first, second])).toEqual([true, true]);
  expect(await settle()).toBe(1);
  expect(await audit()).toMatchObject({ ok: true });
});

it('makes one key, however many commands run at once, and the next one when the time of the former is over', async () => {
  const other = await world.otherRing();
  await Promise.allSettled([rotate(), rotate(other), rotate()]);
  await other.refreshSystemKeys();
  await world.keyRing.refreshSystemKeys();
  expect(vkeyOf(other)).toBe(vkeyOf());
  const second = vkeyOf();
  expect(world.keyRing.formerLogKeys()).toHaveLength(1);
  expect(await announced()).toEqual([first, second]);
  await expect(rotate(other)).rejects.toThrow(rotating);
  await signNext([first]);
  await settle();
  later(30, -1);
  await expect(rotate()).rejects.toThrow(rotating);
  later(0, 1);
  await settle();
  const { vkey, former } = await rotate();
  expect(former).toBe(second);
  expect(await signNext([first, second, vkey])).toEqual([false, true, true]);
  expect(await audit()).toMatchObject({ ok: true });
});

it('does not take for its own what an ended key signs, thieves too', async () => {
  const thief = await world.otherRing();
  const old = vkeyOf();
  await signNext([old]);
  const before = (await readHead(world.db))!;
  await rotate();
  await signNext([old]);
  await settle();
  later(31);
  await settle();
  await signNext([old]);
  // Somebody with the database and the seed of before signs what the log holds now.
  const head = (await readHead(world.db))!;
  const forged = signNote(parseNote(head.note)!.text, logSigner(thief, world.deps.logOrigin));
  expect(readSignedCheckpoint(world.keyRing, world.deps.logOrigin, before.note)?.size).toBe(before.size);
  expect(readSignedCheckpoint(world.keyRing, world.deps.logOrigin, forged)).toBeNull();
  await world.db.run('update ledger_checkpoint set note = $1 where size = $2', [forged, head.size]);
  await addEntry();
  await expect(sequence()).rejects.toThrow(expect.objectContaining({ code: 'log_unsigned' }) as Error);
  expect((await audit()).findings.map(({ what }) => what)).toContain('checkpoint_unsigned');
});
