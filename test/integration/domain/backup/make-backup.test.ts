import { createHash } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeCreateApiKey } from '../../../../src/domain/accounts';
import type { MakeBackupDeps } from '../../../../src/domain/backup';
import { skipPendingOfLead, skipRepliesOfLead } from '../../../../src/domain/delivery';
import { makeCarryOutErasures, makeRequestErasure } from '../../../../src/domain/erasure';
import { makeSetTags } from '../../../../src/domain/leads';
import { sealToken } from '../../../../src/domain/pages/page-token';
import { randomIds } from '../../../../src/kernel/ids';
import { openVerifier, statesOf, type Verifier } from '../../../support/verifier';
import { until } from '../../../support/until';
import type { TestPage } from '../inbox/inbox-world';
import { linesOf, opened, openBackupWorld, PASSPHRASE, type BackupWorld } from './backup-world';

const DAY_MS = 86_400_000;
let world: BackupWorld;
let verifier: Verifier;
let page: TestPage;

beforeAll(async () => {
  world = await openBackupWorld();
  verifier = openVerifier();
});
afterAll(async () => {
  verifier.close();
  await world.close();
});
beforeEach(async () => {
  page = await world.newPage();
  await world.logPage(page);
  world.jobs.length = 0;
});

const code = (name: string) => expect.objectContaining({ code: name }) as Error;
const manifestOf = (files: ReadonlyMap<string, Buffer>) =>
  JSON.parse(files.get('manifest.json')!.toString()) as {
    account: string;
    counts: Record<string, number>;
    files: { path: string; bytes: number; sha256: string }[];
  };

async function made(accountId = page.accountId) {
  const { uuid } = await world.request(accountId);
  expect(await world.make(uuid)).toBe('made');
  return uuid;
}

const eraseAsked = (leadUuid: string) =>
  makeRequestErasure({ ...world.deps, skipRepliesOfLead, skipPendingOfLead })({
    accountId: page.accountId,
    leadUuid,
    erasureUuid: randomIds.uuid(),
    keepsMark: false,
  });
const carryOut = (dropBackupFiles: () => Promise<unknown> = world.dropFiles) =>
  makeCarryOutErasures({ ...world.deps, keyRingCopy: null, dropBackupFiles })();

/** Runs `work` when the first people of an archive are read. */
const meanwhile = (work: () => Promise<unknown>): Partial<MakeBackupDeps> => {
  let isFirst = true;
  return {
    accessOfMany: async (...read) => {
      const people = await world.making.accessOfMany(...read);
      if (isFirst) {
        isFirst = false;
        await work();
      }
      return people;
    },
  };
};

it('holds settings, content, people and proofs, and opens with the passphrase alone', async () => {
  const [ann, bob] = [await world.join(page, 'I am Ann'), await world.join(page, 'I am Bob')];
  const stranger = await world.newPage();
  await world.logPage(stranger);
  const other = await world.join(stranger);
  await makeSetTags(world.common)({ accountId: page.accountId, leadUuid: ann.uuid, tags: ['regular'] });
  const draft = await world.draft(page, 'Opening');
  await world.db.run('update page set token_ct = $2 where id = $1', [
    page.id,
    sealToken(world.keyRing, page.uuid, 'a-token-of-meta'),
  ]);
  world.setNow(new Date(world.now().getTime() + 1_000));
  const { key } = await makeCreateApiKey(world.common)({ accountId: page.accountId, scopes: ['leads:read'] });
  const asked = await world.request(page.accountId);
  expect(asked).toMatchObject({ state: 'waiting', leadsTotal: 2, leadsDone: 0 });
  expect(world.jobs).toEqual([{ name: 'make-backup', backupId: asked.uuid, generation: 0 }]);
  await expect(world.download(page.accountId, asked.uuid)).rejects.toThrow(code('backup_not_ready'));
  expect(await world.make(asked.uuid)).toBe('made');
  const view = await world.get(page.accountId, asked.uuid);
  const file = await world.download(page.accountId, asked.uuid);
  expect(view).toMatchObject({ state: 'ready', leadsDone: 2, leadsTotal: 2, bytes: file.length, downloadedAt: null });
  expect(view.sha256).toEqual(createHash('sha256').update(file).digest());
  expect((await world.get(page.accountId, asked.uuid)).downloadedAt).not.toBeNull();
  const [name] = world.exports();
  expect(statSync(path.join(world.folder, 'exports', name!)).mode & 0o777).toBe(0o600);

  const files = await opened(file);
  const manifest = manifestOf(files);
  expect(manifest).toMatchObject({ format: 'assent-backup/v1', log: world.deps.logOrigin });
  expect(manifest.counts).toEqual({ pages: 1, tags: 1, broadcasts: 1, leads: 2, too_large: 0 });
  expect(manifest.files.map((each) => each.path)).toEqual([...files.keys()].slice(0, -1));
  for (const each of manifest.files)
    expect(createHash('sha256').update(files.get(each.path)!).digest('hex')).toBe(each.sha256);
  expect(files.get('README.txt')!.toString()).toContain('age -d');
  expect(JSON.parse(files.get('settings.json')!.toString())).toMatchObject({
    account: { id: manifest.account },
    pages: [{ page_id: page.metaPageId, notice: { texts: { en: expect.any(String) as string } } }],
    api_keys: [{ scopes: ['leads:read'] }],
  });
  expect(linesOf(files, 'content/tags')).toEqual([{ name: 'regular' }]);
  expect(linesOf(files, 'content/broadcasts')).toMatchObject([
    { id: draft.uuid, name: 'Opening', page_ids: [page.metaPageId], audience: { tags_any: ['regular'] } },
  ]);
  const leads = JSON.stringify(linesOf(files, 'leads'));
  for (const { psid, uuid } of [ann, bob]) for (const known of [psid, uuid]) expect(leads).toContain(known);
  const everything = Buffer.concat([...files.values()]).toString('latin1');
  for (const kept of [other.psid, 'a-token-of-meta', key]) expect(everything).not.toContain(kept);

  const proofs = [...files].filter(([each]) => each.startsWith('proofs/')).map(([, bytes]) => bytes);
  const verdict = verifier.verify(Buffer.concat(proofs), ['--key', world.vkey]);
  expect(verdict.records).toBe(2);
  expect(statesOf(verdict)).toMatch(/^PASS \w+ PASS PASS/);
});

it('keeps nothing by which the passphrase could be found, and the key only while it is made', async () => {
  await world.join(page);
  const { uuid } = await world.request(page.accountId);
  const row = () =>
    world.db.first<Record<string, unknown>>('select * from account_backup where public_id = $1', [uuid]);
  const waiting = (await row())!;
  expect(waiting.file_key_ct).not.toBeNull();
  const text = JSON.stringify([waiting, world.jobs, await world.db.rows('select kind from audit_event')]);
  expect(text).not.toContain(PASSPHRASE);
  expect(text).not.toContain(Buffer.from(PASSPHRASE).toString('hex'));
  expect(await world.make(uuid)).toBe('made');
  expect(await row()).toMatchObject({ file_key_ct: null, head_wrapped: null });
  const file = await world.download(page.accountId, uuid);
  await expect(opened(file, 'another passphrase')).rejects.toThrow(code('passphrase_wrong'));
  await expect(opened(file.subarray(0, -1))).rejects.toThrow(code('archive_unreadable'));
});

it.each([
  ['short', 'too short'],
  ['long', 'x'.repeat(1_001)],
  ['in two lines', 'a line\nand another line'],
])('refuses a passphrase that is %s', async (_what, passphrase) => {
  await expect(world.request(page.accountId, passphrase)).rejects.toThrow(code('validation_failed'));
  expect(world.jobs).toEqual([]);
});

it('is an archive of an account without anybody, before anything is signed', async () => {
  const uuid = await made();
  const files = await opened(await world.download(page.accountId, uuid));
  expect(manifestOf(files).counts).toMatchObject({ leads: 0 });
});

it('is nothing to anybody else', async () => {
  const uuid = await made();
  const other = await world.newPage();
  await expect(world.get(other.accountId, uuid)).rejects.toThrow(code('backup_not_found'));
  await expect(world.download(other.accountId, uuid)).rejects.toThrow(code('backup_not_found'));
});

it('is made again when its maker was killed, and there is one archive', async () => {
  await world.join(page);
  const { uuid } = await world.request(page.accountId);
  const killed = world.make(
    uuid,
    meanwhile(() => Promise.reject(new Error('killed'))),
  );
  await expect(killed).rejects.toThrow('killed');
  expect(await world.make(uuid)).toBe('nothing_to_do');
  world.jobs.length = 0;
  await world.requeue();
  expect(world.jobs).toEqual([]);
  world.setNow(new Date(world.now().getTime() + 121_000));
  await world.requeue();
  expect(world.jobs).toEqual([{ name: 'make-backup', backupId: uuid, generation: 1 }]);
  expect(await world.make(uuid)).toBe('made');
  expect(world.exports().filter((name) => name.startsWith(uuid))).toEqual([`${uuid}-2.age`]);
  expect(await world.make(uuid)).toBe('nothing_to_do');
});

it('deletes what a maker left who had no time to', async () => {
  const uuid = await made();
  writeFileSync(path.join(world.folder, 'exports', `${uuid}-7.age`), 'half of it');
  await world.dropFiles();
  expect(world.exports().filter((name) => name.startsWith(uuid))).toEqual([`${uuid}-1.age`]);
});

it('does not let a maker end who was taken for dead', async () => {
  await world.join(page);
  const { uuid } = await world.request(page.accountId);
  const slow = world.make(
    uuid,
    meanwhile(async () => {
      world.setNow(new Date(world.now().getTime() + 121_000));
      expect(await world.make(uuid)).toBe('made');
    }),
  );
  expect(await slow).toBe('superseded');
  expect(await world.stateOf(page.accountId, uuid)).toBe('ready');
  expect(world.exports().filter((name) => name.startsWith(uuid))).toEqual([`${uuid}-2.age`]);
});

it('begins anew without a person who is erased while it is made', async () => {
  const [ann, bob] = [await world.join(page), await world.join(page)];
  const { uuid } = await world.request(page.accountId);
  const first = world.make(
    uuid,
    meanwhile(() => eraseAsked(ann.uuid)),
  );
  expect(await first).toBe('superseded');
  expect(await world.stateOf(page.accountId, uuid)).toBe('waiting');
  expect(world.exports().filter((name) => name.startsWith(uuid))).toEqual([]);
  expect(await world.make(uuid)).toBe('made');
  const files = await opened(await world.download(page.accountId, uuid));
  const text = Buffer.concat([...files.values()]).toString('latin1');
  expect(text).not.toContain(ann.psid);
  expect(text).not.toContain(ann.uuid);
  expect(text).toContain(bob.psid);
});

/** Runs `work` while a person's erasure is written down and not yet committed, until it waits or has ended. */
async function duringErasure(leadUuid: string, work: () => Promise<unknown>): Promise<void> {
  let running: Promise<unknown> = Promise.resolve();
  let isOver = false;
  await makeRequestErasure({
    ...world.deps,
    skipPendingOfLead,
    skipRepliesOfLead: async (...skip) => {
      running = work().finally(() => {
        isOver = true;
      });
      await until(
        'a wait or its end',
        async () =>
          isOver ||
          (await world.count(`pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)) > 0,
      );
      return skipRepliesOfLead(...skip);
    },
  })({ accountId: page.accountId, leadUuid, erasureUuid: randomIds.uuid(), keepsMark: false });
  await running;
}

it.each(['asked for', 'begun'])('holds nobody whose erasure is being written down when it is %s', async (step) => {
  const [ann, bob] = [await world.join(page), await world.join(page)];
  const uuid = randomIds.uuid();
  if (step === 'begun') await world.request(page.accountId, PASSPHRASE, uuid);
  await duringErasure(ann.uuid, async () => {
    if (step === 'asked for') await world.request(page.accountId, PASSPHRASE, uuid);
    await world.make(uuid);
  });
  expect(await world.stateOf(page.accountId, uuid)).toBe('ready');
  const files = await opened(await world.download(page.accountId, uuid));
  const text = Buffer.concat([...files.values()]).toString('latin1');
  expect([text.includes(ann.psid), text.includes(bob.psid)]).toEqual([false, true]);
});

it('is deleted, before their rows go, when a person in it is erased', async () => {
  const [ann] = [await world.join(page), await world.join(page)];
  const uuid = await made();
  const { stream } = await world.startDownload(page.accountId, uuid);
  await eraseAsked(ann.uuid);
  expect(await world.stateOf(page.accountId, uuid)).toBe('withdrawn');
  await expect(world.download(page.accountId, uuid)).rejects.toThrow(code('backup_gone'));
  const peopleThen: number[] = [];
  await carryOut(async () => {
    await world.dropFiles();
    peopleThen.push(await world.count('lead where id = $1', [ann.id]));
  });
  expect(peopleThen).toContain(1);
  expect(await world.count('lead where id = $1', [ann.id])).toBe(0);
  expect(world.exports().filter((name) => name.startsWith(uuid))).toEqual([]);
  // A download that had begun ends: no part of it follows.
  await expect(stream.next()).rejects.toThrow(code('backup_withdrawn'));
});

it('leaves the archives of other accounts alone when somebody is erased', async () => {
  const ann = await world.join(page);
  const other = await world.newPage();
  const uuid = await made(other.accountId);
  await eraseAsked(ann.uuid);
  await carryOut();
  expect(await world.stateOf(other.accountId, uuid)).toBe('ready');
  expect((await world.download(other.accountId, uuid)).length).toBeGreaterThan(0);
});

it('takes the place of an earlier one, and a repeated call makes no second', async () => {
  const first = await made();
  const second = await world.request(page.accountId);
  expect(await world.stateOf(page.accountId, first)).toBe('replaced');
  await world.request(page.accountId, PASSPHRASE, second.uuid);
  expect(await world.count('account_backup where account_id = $1', [page.accountId])).toBe(2);
  await world.dropFiles();
  expect(world.exports().filter((name) => name.startsWith(first))).toEqual([]);
});

it('is deleted after a day, and its record after 30', async () => {
  const uuid = await made();
  const asked = await world.request((await world.newPage()).accountId);
  world.setNow(new Date(world.now().getTime() + DAY_MS + 1_000));
  expect(await world.make(asked.uuid)).toBe('nothing_to_do');
  await world.expire();
  expect(await world.stateOf(page.accountId, uuid)).toBe('expired');
  await world.dropFiles();
  expect(world.exports()).toEqual([]);
  world.setNow(new Date(world.now().getTime() + 30 * DAY_MS));
  await world.expire();
  await expect(world.get(page.accountId, uuid)).rejects.toThrow(code('backup_not_found'));
});

it('leaves files that are no archives alone', async () => {
  await made();
  writeFileSync(path.join(world.folder, 'exports', 'notes.txt'), 'mine');
  await world.dropFiles();
  expect(world.exports()).toContain('notes.txt');
});
