import { rmSync } from 'node:fs';
import { Client } from 'pg';
import { apiOf, type Api } from '../support/api';
import { runCli, startProgram, type Program } from '../support/program';
import { RELEASE_0_1_0, restorePreviousRelease, type PreviousRelease } from '../support/release-fixture';
import { until } from '../support/until';
import { openVerifier, type Verifier } from '../support/verifier';
import { act } from './journey';

async function firstLeaves(url: string, count: number): Promise<string[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ id: string }>(
    'select entry_id as id from ledger_leaf order by leaf_index limit $1',
    [count],
  );
  await client.end();
  return rows.map(({ id }) => id);
}

describe('an installation of 0.1.0, started with this release', () => {
  let previous: PreviousRelease;
  let env: Record<string, string>;
  let program: Program;
  let api: Api;
  let verifier: Verifier;

  beforeAll(async () => {
    previous = await restorePreviousRelease();
    verifier = openVerifier();
    env = { DATA_DIR: previous.dataDir, DATABASE_URL: previous.database.url, HTTP_PORT: '0' };
    program = startProgram('workers/all-in-one', env);
    await program.ready();
    api = apiOf(program.url(), RELEASE_0_1_0.apiKey);
  }, 120_000);

  afterAll(async () => {
    await program.stop();
    verifier.close();
    await previous.database.drop();
    rmSync(previous.dataDir, { recursive: true, force: true });
  });

  it('signs every entry that waited, in the order in which they were written', async () => {
    const sizeOf = async () => {
      const { body, status } = await api.call<string>('GET', '/v1/ledger/checkpoint');
      return status === 200 ? Number(body.split('\n')[1]) : 0;
    };
    await until('the first checkpoint', async () => (await sizeOf()) >= previous.waiting.length);
    expect(await firstLeaves(previous.database.url, previous.waiting.length)).toEqual(previous.waiting);
    const { json } = await runCli(env, 'audit');
    expect(json).toMatchObject({ ok: true, findings: [], people: 2, messages: 2, rejected: 0 });
  }, 60_000);

  it('proves what people did before the upgrade', async () => {
    const { vkey } = await api.expect<{ vkey: string }>(200, 'GET', '/v1/ledger/key');
    for (const [lead, kinds] of [
      [RELEASE_0_1_0.ann, ['opt_in', 'notice_shown', 'withdraw']],
      [RELEASE_0_1_0.ben, ['opt_in', 'notice_shown']],
    ] as const) {
      const { data } = await api.expect<{ data: { kind: string }[] }>(200, 'GET', `/v1/leads/${lead}/consent`);
      expect(data.map(({ kind }) => kind)).toEqual(kinds);
      const answer = await fetch(`${program.url()}/v1/leads/${lead}/proof`, {
        headers: { authorization: `Bearer ${RELEASE_0_1_0.apiKey}` },
      });
      const verdict = verifier.verify(Buffer.from(await answer.arrayBuffer()), ['--key', vkey]);
      expect(verdict.levels.flatMap(({ reasons }) => reasons)).toEqual([]);
      expect(verdict.exit).toBe(2);
    }
  });

  it('gives the Page the menu of this release', async () => {
    const pageOf = () => api.expect<{ setup: { faults: unknown[] } }>(200, 'GET', `/v1/pages/${RELEASE_0_1_0.pageId}`);
    const client = new Client({ connectionString: previous.database.url });
    await client.connect();
    await until('the menu', async () => {
      const { rows } = await client.query<{ isSet: boolean }>(`select setup ? 'profile' as "isSet" from page`);
      return rows[0]?.isSet === true;
    });
    await client.end();
    expect((await pageOf()).setup.faults).toEqual([]);
  });

  it('has taken the key of the account out of the database, and reads its fields', async () => {
    const client = new Client({ connectionString: previous.database.url });
    await client.connect();
    const { rows } = await client.query('select dek_wrapped from account');
    await client.end();
    expect(rows).toEqual([{ dek_wrapped: null }]);
    const { data } = await api.expect<{ data: { name: string }[] }>(200, 'GET', '/v1/broadcasts');
    expect(data).toHaveLength(2);
  });

  it('goes on where 0.1.0 stopped: the draft reaches the one who is still in', async () => {
    await act(
      { api, sandboxUrl: `${program.url()}/sandbox`, databaseUrl: previous.database.url },
      { page_id: RELEASE_0_1_0.pageId, person: 'ben', kind: 'message', text: 'Are you open tomorrow?' },
    );
    const windowOf = async () =>
      (await api.expect<{ last_inbound_at: string }>(200, 'GET', `/v1/leads/${RELEASE_0_1_0.ben}`)).last_inbound_at;
    // The day in which a Page may answer what he wrote when the rows were made is long over.
    await until('his words', async () => Date.now() - Date.parse(await windowOf()) < 60_000);
    const path = `/v1/broadcasts/${RELEASE_0_1_0.draft}`;
    await api.expect(200, 'POST', `${path}/preflight`);
    await api.expect(202, 'POST', `${path}/launch`);
    const statsOf = async () =>
      (await api.expect<{ status: string; stats: Record<string, unknown> }>(200, 'GET', path)).stats;
    await until('the message to arrive', async () => (await statsOf()).accepted === 1, 60_000);
    expect(await statsOf()).toMatchObject({ audience: 2, accepted: 1, skipped: { unsubscribed: 1 } });
  }, 90_000);

  it('says whose the old openings are at its first start alone', async () => {
    const [first] = previous.waiting;
    await program.stop();
    const client = new Client({ connectionString: previous.database.url });
    await client.connect();
    const { rowCount } = await client.query(
      'update ledger_opening set owner_mac = null where entry_id = $1 and owner_mac is not null',
      [first],
    );
    await client.end();
    expect(rowCount).toBe(1);
    program = startProgram('workers/all-in-one', env);
    await program.ready();
    const { json } = await runCli(env, 'audit');
    expect(json).toMatchObject({ ok: false, wrong: 1, first: { what: 'opening_owner', entryId: first } });
  }, 60_000);
});
