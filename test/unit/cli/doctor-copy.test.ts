import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { judgeCopy, judgeErasures, keyRingCopy } from '../../../src/cli/doctor-copy';
import type { Infrastructure } from '../../../src/compose/infrastructure';
import { systemClock } from '../../../src/kernel/clock';
import { memoryRegistry } from '../platform/keyring/memory-registry';
import type { RingCopyState } from '../../../src/platform/keyring';

const NOW = new Date('2027-03-04T12:00:00.000Z');
const minutesAgo = (minutes: number): Date => new Date(NOW.getTime() - minutes * 60_000);
const WHOLE: RingCopyState = {
  rings: 3,
  files: 3,
  missing: 0,
  outdated: 0,
  leftOver: 0,
  behindSince: null,
  isOnSameVolume: false,
};

describe('the lines of doctor about the second copy', () => {
  it('tell of a copy that is in step and lies elsewhere', () => {
    expect(judgeCopy(WHOLE, NOW)).toEqual([
      { check: 'key_ring_copy', status: 'ok', detail: 'in step, 3 rings: try it with keys drill' },
      { check: 'key_ring_copy_volume', status: 'ok', detail: 'lies on another volume than the key ring' },
    ]);
  });

  it('advise to keep one', () => {
    expect(judgeCopy(null, NOW)).toMatchObject([{ check: 'key_ring_copy', status: 'warning' }]);
  });

  it.each<[string, Partial<RingCopyState>, string, RegExp]>([
    ['nothing lies there', { files: 0, missing: 3 }, 'failed', /KEYRING_COPY_DIR holds no key ring: mount/],
    ['a ring is new', { missing: 1, behindSince: minutesAgo(9) }, 'warning', /1 are missing.*within ten minutes/],
    ['a ring was changed', { outdated: 2, behindSince: minutesAgo(24) }, 'warning', /2 are of another generation/],
    ['it was left behind', { outdated: 2, behindSince: minutesAgo(26) }, 'failed', /T11:34.*keys.copy_failed/],
    ['a ring was destroyed', { leftOver: 1 }, 'warning', /1 that were destroyed still lie there/],
  ])('judge when %s', (_name, over, status, detail) => {
    const [found] = judgeCopy({ ...WHOLE, ...over }, NOW);
    expect(found?.status).toBe(status);
    expect(found?.detail).toMatch(detail);
  });

  it('warn of a copy on the volume of the key ring', () => {
    const [, volume] = judgeCopy({ ...WHOLE, isOnSameVolume: true }, NOW);
    expect(volume).toMatchObject({ check: 'key_ring_copy_volume', status: 'warning' });
    expect(volume?.detail).toMatch(/KEYRING_COPY_DIR lies on the volume of the key ring/);
  });
});

describe('a copy that doctor looks at', () => {
  let keyRingDir: string;
  beforeEach(async () => {
    keyRingDir = await mkdtemp(path.join(tmpdir(), 'assent-doctor-'));
  });
  afterEach(() => rm(keyRingDir, { recursive: true, force: true }));
  const look = (keyRingCopyDir: string) => {
    const config = { keyRingDir, keyRingCopyDir };
    return keyRingCopy({ config, ringRegistry: memoryRegistry(), clock: systemClock } as unknown as Infrastructure);
  };

  it('is broken when it cannot be read', async () => {
    const [found, ...others] = await look(path.join(keyRingDir, 'gone'));
    expect([found?.status, others]).toEqual(['failed', []]);
    expect(found?.detail).toMatch(
      /^the directory of KEYRING_COPY_DIR cannot be used: it does not exist.*; no erasure is certified before/,
    );
  });

  // A directory that everybody can read and nobody, root neither, can write in.
  (process.platform === 'linux' ? it : it.skip)('is broken when it can be read and not written', async () => {
    const [found] = await look('/proc/self/task');
    expect(found?.status).toBe('failed');
    expect(found?.detail).toMatch(/^the directory of KEYRING_COPY_DIR cannot be used/);
  });
});

describe('the line of doctor about erasures', () => {
  it.each([
    [{ count: 0, since: null }, 'ok', /^none waits/],
    [{ count: 1, since: minutesAgo(1) }, 'ok', /^1 without a certificate, the first since 2027-03-04T11:59:00.000Z$/],
    [{ count: 2, since: minutesAgo(2) }, 'warning', /^2 without a certificate, .*T11:58.*keys.copy_failed/],
  ])('counts who waits for a certificate (%#)', (uncertified, status, detail) => {
    const found = judgeErasures(uncertified, NOW);
    expect(found.status).toBe(status);
    expect(found.detail).toMatch(detail);
  });
});
