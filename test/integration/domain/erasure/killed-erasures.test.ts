import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { accountKey, makeCreateAccount } from '../../../../src/domain/accounts';
import { skipPendingOfLead, skipRepliesOfLead } from '../../../../src/domain/delivery';
import {
  makeAskAccountErasure,
  makeCarryOutErasures,
  makeConfirmAccountErasure,
  makeRequestErasure,
} from '../../../../src/domain/erasure';
import { makeListMails, makePost } from '../../../../src/domain/mail';
import { makeAuditLedger } from '../../../../src/domain/proof';
import { makeCallRecipients, makeDropEndedCalls } from '../../../../src/domain/recipients';
import { randomIds } from '../../../../src/kernel/ids';
import { postToRecipient } from '../../../../src/platform/recipients';
import type { ErasingOrder } from '../../../support/erasing-child';
import { ROOT } from '../../../support/program';
import { takesTheWholeMachine } from '../../../support/whole-machine';
import type { TestPage } from '../inbox/inbox-world';
import { openProofWorld, type ProofWorld } from '../proof/proof-world';
import { registerEveryone } from '../recipients/recipients-world';

takesTheWholeMachine();

/** More than either machine has steps: a test that never ends is a test that failed. */
const MOST_STEPS = 80;

let world: ProofWorld;
let copyDir: string;
beforeAll(async () => {
  world = await openProofWorld();
  copyDir = await mkdtemp(path.join(tmpdir(), 'assent-ring-copy-'));
});
afterAll(async () => {
  await rm(copyDir, { recursive: true, force: true });
  await world.close();
});

/** Carries everything out in a process of its own, which is killed at a step. */
function carryOut(of: ErasingOrder['of'], killAt: number | null): Promise<'killed' | 'done'> {
  const order: ErasingOrder = {
    of,
    url: world.url,
    ringDir: world.ringDir,
    copyDir,
    seal: world.seal.toString('hex'),
    logOrigin: world.deps.logOrigin,
    now: world.now().toISOString(),
    killAt,
  };
  const support = path.join(ROOT, 'test', 'support');
  const args = ['-r', path.join(support, 'typescript-register.cjs'), path.join(support, 'erasing-child.ts')];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...args, JSON.stringify(order)], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.once('exit', (code, signal) => {
      if (signal === 'SIGKILL') resolve('killed');
      else if (code === 0) resolve('done');
      else reject(new Error(`the process ended with ${String(code ?? signal)}`));
    });
  });
}

/** Kills at one step after the other, each time with something new to erase, until a run ends before its step comes. */
async function killAtEveryStep(
  of: ErasingOrder['of'],
  begin: () => Promise<() => Promise<void>>,
  afterKill = (): void => undefined,
): Promise<number> {
  for (let step = 1; step < MOST_STEPS; step += 1) {
    const expectDone = await begin();
    const outcome = await carryOut(of, step);
    if (outcome === 'killed') {
      afterKill();
      expect(await carryOut(of, null)).toBe('done');
    }
    await expectDone();
    if (outcome === 'done') return step - 1;
  }
  throw new Error('there is always another step');
}

const audit = () => makeAuditLedger({ ...world.deps, checkpointCopy: world.checkpointCopy })();

it('ends the erasure of a lead as if nothing had happened, with one certificate, wherever its process was killed', async () => {
  const page = await world.newPage();
  await world.logPage(page);
  const neighbour = await world.subscribe(page);
  let erased = 0;
  const footprints = new Set<string>();
  const steps = await killAtEveryStep('leads', async () => {
    const { id, uuid } = await world.subscribe(page);
    const { erasure } = await makeRequestErasure({ ...world.deps, skipPendingOfLead, skipRepliesOfLead })({
      accountId: page.accountId,
      leadUuid: uuid,
      erasureUuid: randomUUID(),
      keepsMark: false,
    });
    return async () => {
      await world.sequence();
      erased += 1;
      const row = await world.db.first<Record<string, string | null>>(
        `select state, lead_id as lead, substring(certificate from '\\nfootprint ([a-z0-9]+ [a-z]+)') as footprint
          from erasure where public_id = $1`,
        [erasure.uuid],
      );
      expect(row).toMatchObject({ state: 'complete', lead: null });
      footprints.add(String(row!['footprint']));
      expect(await world.count('lead where id = $1', [id])).toBe(0);
      expect(await world.count(`ledger_opening where encode(opening, 'escape') like '%"kind":"erasure"%'`)).toBe(
        erased,
      );
    };
  });
  expect([steps > 10, [...footprints].sort()]).toEqual([true, ['0 hits', 'not run']]);
  await world.keyRing.reload(page.uuid);
  expect((await world.leadOf(page, neighbour.psid))?.uuid).toBe(neighbour.uuid);
  expect(world.keyRing.stagedVersions(page.uuid)).toEqual([]);
  expect(await audit()).toMatchObject({ findings: [], pending: 0, erased: 2 * erased });
}, 240_000);

it('ends the deletion of an account as if nothing had happened, with one certificate and one mail, wherever its process was killed', async () => {
  const asking = {
    ...world.deps,
    ids: randomIds,
    accountKey: (id: string) => accountKey(world.db, world.keyRing, id),
    post: makePost({ ...world.deps, ids: randomIds, sender: null }),
    publicUrl: 'https://assent.example',
  };
  const letterKeys: string[] = [];
  const steps = await killAtEveryStep('accounts', async () => {
    const { account } = await makeCreateAccount(world.deps)({ email: `${randomUUID()}@example.com`, name: 'A Shop' });
    const page = await world.newPage({ accountId: account.id });
    await world.logPage(page);
    await world.subscribe(page);
    await makeAskAccountErasure(asking)({ accountId: account.id, name: 'A Shop' });
    const [mail] = await makeListMails(world.deps)(account.id);
    const token = /account-deletion\/([A-Za-z0-9_-]{43})\n/.exec(mail!.content!.text)![1]!;
    const { code } = (await makeConfirmAccountErasure(asking)(token))!;
    const letter = await world.db.first<{ key: string }>(
      'select letter_key as key from account_erasure where code = $1',
      [code],
    );
    letterKeys.push(letter!.key);
    await world.sequence();
    return async () => {
      await world.sequence();
      const row = await world.db.first('select state, rings from account_erasure where code = $1', [code]);
      expect(row).toEqual({ state: 'complete', rings: [] });
      expect(await world.count('account where id = $1', [account.id])).toBe(0);
      const kinds = (await makeListMails(world.deps)(account.id)).map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind === 'account_deleted')).toHaveLength(1);
      expect(await world.count('mail where account_id = $1 and content_ct is not null', [account.id])).toBe(0);
      expect(await world.count('account_erasure where letter_ct is not null')).toBe(0);
      expect(await world.count('key_ring where ring = $1', [`page-${page.uuid}`])).toBe(0);
    };
  });
  expect(steps).toBeGreaterThan(10);
  await world.keyRing.refreshSystemKeys();
  // Whoever died just before its end left it to housekeeping, and nobody else did.
  expect(letterKeys.filter((name) => world.keyRing.accountKey(name) !== null).length).toBeLessThanOrEqual(2);
  await world.keyRing.destroyInboxKeysBefore(Math.floor(world.now().getTime() / 86_400_000) + 1);
  expect(letterKeys.filter((name) => world.keyRing.accountKey(name) !== null)).toEqual([]);
  expect(await audit()).toMatchObject({ findings: [], pending: 0 });
}, 240_000);

/** A server that takes whatever it is told, and remembers the ids. */
async function openRecipient() {
  const ids: string[] = [];
  const server = http.createServer((req, res) => {
    ids.push(String(req.headers['idempotency-key']));
    req.resume().on('end', () => res.writeHead(204).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
  return { ids, endpoint, close: () => new Promise((resolve) => server.close(resolve)) };
}

/** Begins the erasure of somebody new whose data a recipient has. */
async function beginTold(page: TestPage): Promise<string> {
  const { uuid } = await world.subscribe(page);
  const request = makeRequestErasure({ ...world.deps, skipPendingOfLead, skipRepliesOfLead });
  const { erasure } = await request({
    accountId: page.accountId,
    leadUuid: uuid,
    erasureUuid: randomUUID(),
    keepsMark: false,
  });
  return erasure.uuid;
}

async function pageWithRecipient(endpoint: string): Promise<TestPage> {
  const page = await world.newPage();
  await world.logPage(page);
  await registerEveryone(world.deps, page, endpoint);
  return page;
}
const carryOutHere = () =>
  makeCarryOutErasures({ ...world.deps, keyRingCopy: null, dropBackupFiles: () => Promise.resolve(0) })();
const callHere = () => makeCallRecipients({ ...world.deps, post: postToRecipient({ onLoopback: true }) })();

it('has a recipient told once of an erasure, wherever the process that carried it out was killed', async () => {
  const recipient = await openRecipient();
  const page = await pageWithRecipient(recipient.endpoint);
  const steps = await killAtEveryStep('leads', async () => {
    const erasure = await beginTold(page);
    return async () => {
      recipient.ids.length = 0;
      expect(await callHere()).toBe(1);
      await carryOutHere();
      await world.sequence();
      const row = await world.db.first('select state from erasure where public_id = $1', [erasure]);
      expect([row, recipient.ids.length]).toEqual([{ state: 'complete' }, 1]);
      expect(await readdir(path.join(world.ringDir, 'recipient-calls'))).toEqual([]);
    };
  });
  await recipient.close();
  expect(steps).toBeGreaterThan(10);
}, 240_000);

it('tells a recipient at least once and under one id, and destroys what it told, wherever the process that told it was killed', async () => {
  const recipient = await openRecipient();
  const page = await pageWithRecipient(recipient.endpoint);
  let told = 0;
  const steps = await killAtEveryStep(
    'calls',
    async () => {
      const erasure = await beginTold(page);
      await carryOutHere();
      recipient.ids.length = 0;
      return async () => {
        const calls = await world.db.rows<{ uuid: string; state: string }>(
          'select public_id as uuid, state from recipient_call where erasure_uuid = $1',
          [erasure],
        );
        expect(calls).toMatchObject([{ state: 'notified' }]);
        expect([...new Set(recipient.ids)]).toEqual([calls[0]!.uuid]);
        told = Math.max(told, recipient.ids.length);
        await makeDropEndedCalls(world.deps)();
        expect(await readdir(path.join(world.ringDir, 'recipient-calls'))).toEqual([]);
        await carryOutHere();
        await world.sequence();
      };
    },
    () => {
      world.setNow(new Date(world.now().getTime() + 60_001));
    },
  );
  await recipient.close();
  expect([steps > 4, told]).toEqual([true, 2]);
}, 240_000);
