import { makeRequeueInbox } from '../../../../src/domain/inbox';
import type { Job } from '../../../../src/jobs';
import { randomIds } from '../../../../src/kernel/ids';
import { openInboxWorld, type InboxWorld } from './inbox-world';

let world: InboxWorld;

beforeAll(async () => {
  world = await openInboxWorld();
});

afterAll(() => world.close());

function requeue() {
  const asked: Job[] = [];
  const queue = {
    enqueue: (job: Job) => {
      asked.push(job);
      return Promise.resolve();
    },
  };
  return { asked, run: makeRequeueInbox({ db: world.db, ids: randomIds, queue }) };
}

describe('makeRequeueInbox', () => {
  it('asks for nothing while nothing waits', async () => {
    const { asked, run } = requeue();
    expect(await run()).toBe(false);
    expect(asked).toEqual([]);
  });

  it('asks for a drain when a body has waited: its job was lost', async () => {
    const page = await world.newPage();
    await world.store({ object: 'page', entry: [{ id: page.metaPageId, time: 1, messaging: [] }] });
    await world.db.run(`update inbox set due_at = clock_timestamp() - interval '2 seconds'`);
    const { asked, run } = requeue();
    expect(await run()).toBe(true);
    expect(asked.map(({ name }) => name)).toEqual(['drain-inbox']);
  });
});
