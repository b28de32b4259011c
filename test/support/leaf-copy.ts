import type { LeafCopy } from '../../src/domain/ledger';

/** The copy of the leaves in memory: by the rules of the file. */
export function memoryLeafCopy(): LeafCopy {
  let kept = Buffer.alloc(0);
  return {
    count: () => Promise.resolve(Math.floor(kept.length / 32)),
    read: (from, to) => Promise.resolve(Buffer.from(kept.subarray(from * 32, to * 32))),
    write: (from, inputs) => {
      const next = Buffer.alloc(Math.max(kept.length, from * 32 + inputs.length));
      kept.copy(next);
      inputs.copy(next, from * 32);
      kept = next;
      return Promise.resolve();
    },
  };
}
