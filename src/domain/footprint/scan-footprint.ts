import type { Ids } from '../../kernel/ids';
import { counterOf, tableOf, type Counter, type NeedleTable } from './counter.rules';
import { valueTooShort } from './footprint.errors';
import type { FootprintStore, StoreFootprint } from './footprint.types';
import { LEAST_BYTES, needlesOf } from './needles.rules';

const CONTROL_BYTES = 24;
const CONTROL = 'control';

export interface ScanFootprintDeps {
  readonly ids: Ids;
  readonly stores: readonly FootprintStore[];
}

/**
 * Looks for values in every store, in every form they may have there. Each store is made to hold a control while it is read: a
 * look that does not find that is said to be blind. Changes nothing, and says where, never what.
 *
 * @throws {UserError} `value_too_short`
 */
export const makeScanFootprint =
  ({ ids, stores }: ScanFootprintDeps) =>
  async (values: readonly string[]): Promise<StoreFootprint[]> => {
    if (values.some((value) => Buffer.byteLength(value) < LEAST_BYTES)) throw valueTooShort(LEAST_BYTES);
    const control = ids.bytes(CONTROL_BYTES);
    const table = tableOf([...values.flatMap(needlesOf), { encoding: CONTROL, bytes: control }]);
    const found: StoreFootprint[] = [];
    for (const store of stores) found.push(await scanStore(store, table, control));
    return found;
  };

async function scanStore(store: FootprintStore, table: NeedleTable, control: Buffer): Promise<StoreFootprint> {
  const counters = new Map<string, Counter>();
  let bytes = 0;
  try {
    for await (const piece of store.read(control)) {
      const counter = counters.get(piece.place) ?? counterOf(table);
      counters.set(piece.place, counter);
      if (piece.isNew) counter.begin();
      counter.add(piece.bytes);
      bytes += piece.bytes.length;
    }
  } catch {
    // Whatever kept it from being looked at: what is not seen is said to be so, and no text of another program is passed on.
    return { store: store.name, places: counters.size, bytes, hits: hitsOf(counters), sight: 'unreachable' };
  }
  const isSeen = [...counters.values()].some((counter) => counter.found().has(CONTROL));
  const sight = isSeen ? 'seen' : 'blind';
  return { store: store.name, places: counters.size, bytes, hits: hitsOf(counters), sight };
}

const hitsOf = (counters: ReadonlyMap<string, Counter>): StoreFootprint['hits'] =>
  [...counters].flatMap(([place, counter]) =>
    [...counter.found()].flatMap(([encoding, count]) => (encoding === CONTROL ? [] : [{ place, encoding, count }])),
  );
