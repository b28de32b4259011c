import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { randomIds } from '../../../../src/kernel/ids';
import { leadKeyFiles } from '../../../../src/platform/keyring/lead-key-files';
import { makePageKeys } from '../../../../src/platform/keyring/page-keys';
import { openRingFiles } from '../../../../src/platform/keyring/ring-files';
import { makeRingStore, type RingStore } from '../../../../src/platform/keyring/ring-store';
import { memoryRegistry } from './memory-registry';

const PAGE = '5c8a8f4e-64b0-4b7a-9c54-0d2b1b0e7a11';

let dir: string;
let store: RingStore;

beforeEach(async () => {
  dir = await mkdtemp(`${tmpdir()}/assent-keys-`);
  const files = await openRingFiles(dir);
  store = makeRingStore({ seals: [Buffer.alloc(32, 1)], files, registry: memoryRegistry(), ids: randomIds });
});

afterEach(() => rm(dir, { recursive: true, force: true }));

const isBlank = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);

describe('plain rings in memory', () => {
  it('are blanked when another takes their place or the ring is dropped', async () => {
    const seen: Buffer[] = [];
    const { door } = makePageKeys(
      {
        ...store,
        load: async (ring) => {
          const plain = await store.load(ring);
          if (plain !== null) seen.push(plain);
          return plain;
        },
      },
      leadKeyFiles(dir),
      randomIds,
    );
    await door.createPageRing(PAGE);
    await door.reload(PAGE);
    await door.reload(PAGE);
    expect(seen.map(isBlank)).toEqual([true, false]);
    await door.dropRing(PAGE);
    expect(seen.map(isBlank)).toEqual([true, true]);
  });

  it('are blanked when a writing has made a successor of them', async () => {
    const { door } = makePageKeys(store, leadKeyFiles(dir), randomIds);
    await door.createPageRing(PAGE);
    let former: Buffer = Buffer.alloc(1, 1);
    await store.replace(`page-${PAGE}`, (plain) => {
      former = plain ?? former;
      return Buffer.from(former);
    });
    expect(former.length).toBeGreaterThan(1000);
    expect(isBlank(former)).toBe(true);
  });
});
