import { progressEvents } from '../../../src/http/progress-events';

interface Shown {
  readonly status: string;
  readonly n: number;
}

async function collect(states: readonly Shown[], options: { silentAtMostMs?: number } = {}): Promise<string[]> {
  const left = [...states];
  const first = left.shift()!;
  const parts: string[] = [];
  const stream = progressEvents<Shown>({
    first,
    look: () => Promise.resolve(left.shift()!),
    isOver: ({ status }) => status === 'completed',
    isStillAllowed: () => Promise.resolve(true),
    signal: new AbortController().signal,
    lookEveryMs: 1,
    ...options,
  });
  for await (const part of stream) parts.push(part);
  return parts;
}

const sending = { status: 'sending', n: 1 };
const done = { status: 'completed', n: 2 };

describe('progressEvents', () => {
  it('tells the first state, every change, and nothing that did not change', async () => {
    expect(await collect([sending, sending, { ...sending, n: 2 }, { ...sending, n: 2 }, done])).toEqual([
      'retry: 2000\n\nevent: progress\nid: sending\ndata: {"status":"sending","n":1}\n\n',
      'event: progress\nid: sending\ndata: {"status":"sending","n":2}\n\n',
      'event: progress\nid: completed\ndata: {"status":"completed","n":2}\n\n',
    ]);
  });

  it('says that it is still there when nothing changes for long', async () => {
    const parts = await collect([sending, sending, sending, sending, sending, done], { silentAtMostMs: 2 });
    expect(parts.filter((part) => part === ': still here\n\n')).toHaveLength(2);
  });

  it('ends after the first state of what is over', async () => {
    expect(await collect([done])).toHaveLength(1);
  });

  it('ends when the caller has hung up', async () => {
    const caller = new AbortController();
    let looks = 0;
    const stream = progressEvents<Shown>({
      first: sending,
      look: () => {
        looks += 1;
        caller.abort();
        return Promise.resolve(sending);
      },
      isOver: () => false,
      isStillAllowed: () => Promise.resolve(true),
      signal: caller.signal,
      lookEveryMs: 1,
    });
    for await (const part of stream) expect(part).toContain('sending');
    expect(looks).toBe(1);
  });
});
