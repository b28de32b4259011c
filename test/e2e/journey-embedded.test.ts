import { rmSync } from 'node:fs';
import { openEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/embedded';
import { newDataDir } from '../support/data-dir';
import { apiOf } from '../support/api';
import { runCli, runCliOn, startProgram, type Program } from '../support/program';
import { scanFiles } from '../support/scan';
import { until } from '../support/until';
import { takesTheWholeMachine } from '../support/whole-machine';
import { openVerifier } from '../support/verifier';
import {
  act,
  authorisedCount,
  broadcastOf,
  CANARY,
  connectPages,
  expectAddsUp,
  expectNobodyTwice,
  expectNothingAfterWithdrawal,
  expectWithinRate,
  gatherLeads,
  launchBroadcast,
  PERSON_CANARY,
  receivedBroadcast,
  sandboxState,
  setFaults,
  unsubscribeSome,
  withdrawalTimes,
  type Stage,
  type StagePage,
} from './journey';

const PLAN = [
  { people: 200, ratePerSecond: 35 },
  { people: 500, ratePerSecond: 60 },
  { people: 500, ratePerSecond: 60 },
];
const TOTAL = 1_200;
const LEAVERS = 60;

interface CreatedAccount {
  readonly api_key: { readonly key: string };
  readonly sandbox_page: { readonly page_id: string };
}

takesTheWholeMachine();

describe('the journey on one machine, queue and database in the embedded PostgreSQL', () => {
  let dataDir: string;
  let copyDir: string;
  let postgres: EmbeddedPostgres;
  let program: Program;
  let stage: Stage;
  let pages: StagePage[];
  let env: Record<string, string>;
  let broadcastId: string;
  let key: string;

  beforeAll(async () => {
    dataDir = newDataDir();
    // The program adopts this server; commit times are only for looking at the result.
    postgres = await openEmbeddedPostgres({ dataDir, settings: { track_commit_timestamp: 'on' } });
    copyDir = newDataDir();
    env = { DATA_DIR: dataDir, KEYRING_COPY_DIR: copyDir, HTTP_PORT: '0' };
    program = startProgram('workers/all-in-one', env);
    await program.ready();
  }, 120_000);

  afterAll(async () => {
    if (program.child.exitCode === null) await program.stop('SIGKILL');
    await postgres.release();
    for (const dir of [dataDir, copyDir]) rmSync(dir, { recursive: true, force: true });
  }, 60_000);

  it('makes an account beside the running program', async () => {
    const { code, json } = await runCli(
      env,
      'account',
      'create',
      '--email',
      'you@example.com',
      '--name',
      'Harbour Coffee',
    );
    expect(code).toBe(0);
    const account = json as CreatedAccount;
    key = account.api_key.key;
    stage = {
      api: apiOf(program.url(), key),
      sandboxUrl: `${program.url()}/sandbox`,
      databaseUrl: postgres.url,
    };
    const state = await sandboxState(stage, 'summary=1');
    expect(state.pages.map((page) => page.id)).toContain(account.sandbox_page.page_id);
  });

  it('turns conversation starts into leads, each once, and shows everybody the welcome', async () => {
    pages = await connectPages(stage, PLAN);
    await gatherLeads(stage, pages);
    const { totals } = await sandboxState(stage, 'summary=1');
    expect(totals.people).toBe(TOTAL);
    expect(totals.received).toBe(TOTAL);
  }, 310_000);

  it('sends a broadcast exactly once to everybody who did not leave', async () => {
    broadcastId = await launchBroadcast(stage, pages);
    const page = pages[1];
    if (page === undefined) throw new Error('no Page');
    const left = await unsubscribeSome(stage, page, LEAVERS, 5_000);
    await until(
      'the broadcast to complete',
      async () => (await broadcastOf(stage, broadcastId)).status === 'completed',
      240_000,
    );
    await until('the last withdrawal', async () => {
      const { data } = await stage.api.expect<{ data: unknown[] }>(
        200,
        'GET',
        `/v1/leads?page_id=${page.pageId}&status=unsubscribed&limit=200`,
      );
      return data.length === LEAVERS;
    });

    const received = await receivedBroadcast(stage, pages);
    const broadcast = await broadcastOf(stage, broadcastId);
    expectAddsUp(broadcast, TOTAL);
    expectNobodyTwice(received);
    expectNothingAfterWithdrawal(received, await withdrawalTimes(stage, page, left));
    expect(received.every(({ hasUnsubscribe }) => hasUnsubscribe)).toBe(true);
    const stayed = received.filter(({ psid }) => !left.has(psid));
    expect(new Set(stayed.map(({ psid }) => psid)).size).toBe(TOTAL - LEAVERS);
    expect(broadcast.stats.accepted).toBe(received.length);
    expect(broadcast.stats.skipped.unsubscribed ?? 0).toBe(TOTAL - received.length);
    expect(broadcast.stats.skipped.unsubscribed ?? 0).toBeGreaterThan(0);
  }, 280_000);

  it("never exceeded a Page's rate in any sliding second", () => expectWithinRate(stage, pages));

  it('takes a person back only by an explicit act', async () => {
    const page = pages[1];
    if (page === undefined) throw new Error('no Page');
    const person = `lead-${String(page.people - 1)}`; // the first to leave
    const { psid } = await act(stage, { page_id: page.pageId, person, kind: 'message', text: 'hello again' });
    const lookup = () =>
      stage.api.expect<{ status: string }>(200, 'POST', '/v1/leads/lookup', { page_id: page.pageId, psid });
    await act(stage, { page_id: page.pageId, person, kind: 'message', text: 'START' });
    await until('the return', async () => (await lookup()).status === 'subscribed');
    const lead = await stage.api.expect<{ id: string }>(200, 'POST', '/v1/leads/lookup', {
      page_id: page.pageId,
      psid,
    });
    const { data } = await stage.api.expect<{ data: { kind: string }[] }>(200, 'GET', `/v1/leads/${lead.id}/consent`);
    expect(data.map(({ kind }) => kind).filter((kind) => kind !== 'notice_shown')).toEqual([
      'opt_in',
      'withdraw',
      're_opt_in',
    ]);
  });

  it('meets every kind of fault', async () => {
    const page = pages[2];
    if (page === undefined) throw new Error('no Page');
    const { data } = await stage.api.expect<{ data: { id: string }[] }>(
      200,
      'GET',
      `/v1/leads?page_id=${page.pageId}&limit=200`,
    );
    await setFaults(stage, {
      rules: [
        { match: { page_id: page.pageId, every: 5 }, answer: 'lose_answer' },
        { match: { page_id: page.pageId, every: 7 }, answer: 'http_500_no_envelope' },
        { match: { page_id: page.pageId, every: 11 }, answer: 'no_message_id' },
        {
          match: { page_id: page.pageId, every: 13 },
          answer: { code: 551, subcode: 1545041, message: '(#551) not available' },
        },
        {
          match: { page_id: page.pageId, every: 17 },
          answer: { code: 1200, message: 'Temporary send message failure' },
        },
        { match: { page_id: page.pageId, every: 19 }, answer: { code: 100, message: '(#100) Invalid parameter' } },
      ],
    });
    await act(stage, {
      body: '{"object":"page","entry":[{"id":"1","messaging":[{"sender":{"id":"39502513194908661"},"mess',
    });
    await act(stage, {
      page_id: page.pageId,
      raw: { sender: { id: '39502513194908661' }, unheard_of: { text: PERSON_CANARY } },
    });
    const { id } = await stage.api.expect<{ id: string }>(201, 'POST', '/v1/broadcasts', {
      name: 'Faults',
      page_ids: [page.pageId],
      message: { text: `Again. ${PERSON_CANARY}` },
      audience: { lead_ids: data.map((lead) => lead.id) },
      launch: true,
    });
    await until('faults of several kinds', async () => {
      const { stats } = await broadcastOf(stage, id);
      return stats.uncertain > 0 && stats.rejected > 0 && stats.accepted > 0;
    });
    await setFaults(stage, {
      rules: [
        { match: { page_id: page.pageId }, answer: { status: 401, code: 190, message: 'Invalid OAuth access token' } },
      ],
    });
    await act(stage, { page_id: page.pageId, person: 'late-comer', kind: 'get_started' });
    await until('the Page to be stopped', async () => {
      const { state } = await stage.api.expect<{ state: string }>(200, 'GET', `/v1/pages/${page.pageId}`);
      return state === 'stopped';
    });
    const refused = await stage.api.call('POST', '/v1/leads/lookup', {
      page_id: page.pageId,
      psid: PERSON_CANARY,
    });
    expect(refused.status).toBe(422);
    expect(JSON.stringify(refused.body)).not.toContain(PERSON_CANARY);
  }, 60_000);

  it('hands out proofs that a stranger checks with the verifier, the bundle and the public key alone', async () => {
    const verifier = openVerifier();
    const { vkey } = await stage.api.expect<{ vkey: string }>(200, 'GET', '/v1/ledger/key');
    const verdictOn = async (path: string) => {
      const answer = await fetch(`${program.url()}${path}`, { headers: { authorization: `Bearer ${key}` } });
      expect(answer.status).toBe(200);
      const verdict = verifier.verify(Buffer.from(await answer.arrayBuffer()), ['--key', vkey]);
      expect(verdict.levels.flatMap(({ reasons }) => reasons)).toEqual([]);
      expect(verdict.levels.map(({ state }) => state)).toEqual(['PASS', 'PASS', 'PASS', 'PASS', 'ABSENT']);
      expect(verdict.exit).toBe(2);
      return verdict;
    };
    const { data } = await stage.api.expect<{ data: { id: string }[] }>(
      200,
      'GET',
      `/v1/leads?page_id=${pages[1]?.pageId ?? ''}&status=unsubscribed&limit=200`,
    );
    for (const { id } of data.slice(0, 3))
      expect(await verdictOn(`/v1/leads/${id}/proof`)).toMatchObject({ records: 1 });
    const authorised = await authorisedCount(stage, broadcastId);
    expect(authorised).toBeGreaterThanOrEqual((await broadcastOf(stage, broadcastId)).stats.accepted);
    expect(await verdictOn(`/v1/broadcasts/${broadcastId}/proofs`)).toMatchObject({ records: authorised });
    const from = new Date(Date.now() - 3_600_000).toISOString();
    const range = new URLSearchParams({ from, to: new Date().toISOString(), page_id: pages[0]?.pageId ?? '' });
    expect(await verdictOn(`/v1/proofs?${range.toString()}`)).toMatchObject({ records: pages[0]?.people });
    verifier.close();
  }, 120_000);

  it('leaves a ledger that is whole', async () => {
    const { json } = await runCli(env, 'audit');
    expect(json).toMatchObject({ ok: true, findings: [], people: TOTAL + 1 });
  }, 60_000);

  it('has a copy of its keys that opens everybody by itself', async () => {
    expect((await runCli(env, 'keys', 'copy')).code).toBe(0);
    expect(await runCli(env, 'keys', 'drill')).toMatchObject({ code: 0, json: { pages: PLAN.length, unopened: 0 } });
    const { code } = await runCli({ ...env, KEYRING_COPY_DIR: '' }, 'keys', 'drill');
    expect(code).toBe(1);
  }, 60_000);

  it('says where a value lies: a person nowhere, a Page in the open', async () => {
    const psid = (await sandboxState(stage, 'limit=1')).people[0]?.psid ?? '';
    const nowhere = await runCli(env, 'footprint', psid);
    const { stores } = nowhere.json as { stores: { store: string; sight: string; hits: unknown[] }[] };
    expect(stores.map(({ sight }) => sight)).toEqual(stores.map(() => 'seen'));
    expect([nowhere.code, stores.flatMap(({ hits }) => hits)]).toEqual([0, []]);
    expect((await runCli(env, 'footprint', 'Harbour Coffee')).code).toBe(1);
    expect((await runCli(env, 'footprint', psid, '--path', '/nowhere/at/all')).code).toBe(2);
    for (const unlooked of ['', `${psid}\n\n`, 'short\n'])
      expect((await runCliOn(unlooked, env, 'footprint', '-')).code).toBe(2);
  }, 60_000);

  it('stops cleanly, finds its data again, and left nothing personal in clear', async () => {
    const psids = new Set((await sandboxState(stage, 'limit=10000')).people.map(({ psid }) => psid));
    expect(psids.size).toBe(TOTAL + 1);
    expect(await program.stop()).toBe(0);
    expect(scanFiles([dataDir], [CANARY, PERSON_CANARY], psids)).toEqual([]);
    const patterns = [CANARY, PERSON_CANARY, ...psids];
    expect(patterns.filter((pattern) => program.output().includes(pattern))).toEqual([]);
    // The same scan finds what may be there: the public name of a Page.
    expect(scanFiles([postgres.dataDirectory], ['Harbour Coffee'])).not.toEqual([]);

    const again = startProgram('workers/all-in-one', env);
    await again.ready();
    const found = await broadcastOf({ ...stage, api: apiOf(again.url(), key) }, broadcastId);
    expect(found.status).toBe('completed');
    expect(await again.stop()).toBe(0);
  }, 120_000);
});
