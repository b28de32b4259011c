import type { KeyRing } from '../../domain/keyring.types';
import { bucketOf, psidBlindIndex } from '../../kernel/crypto/blind-index';
import { unwrapKey, wrapKey } from '../../kernel/crypto/key-wrap';
import { InvariantError } from '../../kernel/errors';
import type { Ids } from '../../kernel/ids';
import { UnknownKeyVersionError } from './keyring.errors';
import {
  BUCKETS,
  bucketKeys,
  bucketVersions,
  newPageRing,
  readPageRing,
  stagedVersions,
  withCommitted,
  withStaged,
  type BucketKeys,
  type PageRing,
} from './page-ring';
import type { LeadKeyFiles } from './lead-key-files';
import type { RingStore } from './ring-store';
import type { SystemKeys } from './system-keys';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const PREFIX = 'page-';

export interface PageKeys {
  readonly door: Omit<KeyRing, keyof SystemKeys['door'] | 'refreshSystemKeys' | 'reseal' | 'verifyAgainstRegistry'>;
  /** Brings what is in memory in step with the rows, but for `skipped`: ring name to generation. */
  readonly refresh: (generations: ReadonlyMap<string, number>, skipped: ReadonlySet<string>) => Promise<void>;
}

/** The rings of Pages, each loaded when it is first asked for. */
export function makePageKeys(store: RingStore, leadKeys: LeadKeyFiles, ids: Ids): PageKeys {
  const { loaded, ringOf, keysOf, keep } = loadedRings();
  const inTurn = makeTurns();

  const reload = (pageUuid: string): Promise<void> =>
    inTurn(pageUuid, async () => keep(pageUuid, await store.load(ringName(pageUuid))));

  const change = (pageUuid: string, next: (ring: PageRing) => Buffer | null): Promise<void> =>
    inTurn(pageUuid, async () => {
      const plain = await store.replace(ringName(pageUuid), (current) => {
        if (current === null) throw new UnknownKeyVersionError();
        return next(readPageRing(current));
      });
      keep(pageUuid, plain);
    });

  const door: PageKeys['door'] = {
    wrapLeadKey: (pageUuid, bucket, version, dek) => wrapKey(keysOf(pageUuid, bucket, version).kek, dek),
    unwrapLeadKey: (pageUuid, bucket, version, wrapped) => unwrapKey(keysOf(pageUuid, bucket, version).kek, wrapped),
    blindIndex: (pageUuid, bucket, version, metaPageId, psid) =>
      psidBlindIndex(keysOf(pageUuid, bucket, version).kbi, metaPageId, psid),
    bucketOf: (pageUuid, psid) => bucketOf(ringOf(pageUuid).routeKey, psid, BUCKETS),
    pageKey: (pageUuid, purpose) => ringOf(pageUuid).derived[purpose],
    stagedVersions: (pageUuid) => stagedVersions(ringOf(pageUuid)),
    reload,
    createPageRing: (pageUuid) =>
      inTurn(pageUuid, async () =>
        keep(pageUuid, await store.replace(ringName(pageUuid), (plain) => (plain === null ? newPageRing(ids) : null))),
      ),
    stage: async (pageUuid, bucket) => {
      let version = 0;
      await change(pageUuid, (ring) => {
        const staged = withStaged(ring, bucket, ids);
        ({ version } = staged);
        return staged.plain;
      });
      return version;
    },
    ...keptKeys(leadKeys),
    bucketVersions: (pageUuid, bucket) => bucketVersions(ringOf(pageUuid), bucket),
    commit: async (pageUuid, bucket, version) => {
      await change(pageUuid, (ring) => withCommitted(ring, bucket, version));
      await leadKeys.forgetOlder({ pageUuid, bucket, version });
    },
    dropRing: (pageUuid) =>
      inTurn(pageUuid, async () => {
        await store.destroy(ringName(pageUuid));
        await leadKeys.dropPage(pageUuid);
        keep(pageUuid, null);
      }),
  };
  return {
    door,
    refresh: async (generations, skipped) => {
      for (const [pageUuid, ring] of [...loaded]) {
        const name = ringName(pageUuid);
        if (!skipped.has(name) && generations.get(name) !== ring.plain.readUInt32BE(0)) await reload(pageUuid);
      }
    },
  };
}

function loadedRings() {
  const loaded = new Map<string, PageRing>();

  function ringOf(pageUuid: string): PageRing {
    const ring = loaded.get(pageUuid);
    if (ring === undefined) throw new UnknownKeyVersionError();
    return ring;
  }

  function keysOf(pageUuid: string, bucket: number, version: number): BucketKeys {
    const keys = bucketKeys(ringOf(pageUuid), bucket, version);
    if (keys === null) throw new UnknownKeyVersionError();
    return keys;
  }

  function keep(pageUuid: string, plain: Buffer | null): void {
    const former = loaded.get(pageUuid);
    if (plain === null) loaded.delete(pageUuid);
    else loaded.set(pageUuid, readPageRing(plain));
    former?.plain.fill(0);
  }

  return { loaded, ringOf, keysOf, keep };
}

const keptKeys = (leadKeys: LeadKeyFiles): Pick<KeyRing, 'keepLeadKeys' | 'keptLeadKeys'> => ({
  keepLeadKeys: (pageUuid, bucket, version, keys) => leadKeys.keep({ pageUuid, bucket, version }, keys),
  keptLeadKeys: (pageUuid, bucket, version) => leadKeys.read({ pageUuid, bucket, version }),
});

function ringName(pageUuid: string): string {
  if (!UUID.test(pageUuid)) throw new InvariantError('key_ring_name', 'a Page ring is named by the UUID of the Page');
  return `${PREFIX}${pageUuid}`;
}

/** One reading or writing of a ring at a time, so that an older reading cannot end up over a newer one. */
function makeTurns() {
  const last = new Map<string, Promise<unknown>>();
  return function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const turn = (last.get(name) ?? Promise.resolve()).then(work, work);
    last.set(name, turn);
    void turn
      .catch(() => undefined)
      .then(() => {
        if (last.get(name) === turn) last.delete(name);
      });
    return turn;
  };
}
