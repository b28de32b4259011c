import { Client } from 'pg';

const LOCK = 7_100_009;
const LONGEST_WAIT_MS = 600_000;

/**
 * For suites that load every core for minutes: one of them runs at a time, however many workers Jest has. Two at once would
 * time each other out on a small machine. Call it first, outside of every `describe`.
 */
export function takesTheWholeMachine(): void {
  const turn = new Client({ connectionString: process.env.TEST_DATABASE_URL });
  beforeAll(async () => {
    await turn.connect();
    await turn.query('select pg_advisory_lock($1)', [LOCK]);
  }, LONGEST_WAIT_MS);
  afterAll(() => turn.end());
}
