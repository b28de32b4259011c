import { createHash } from 'node:crypto';

const sha256 = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const LEAF = Buffer.from([0]);
const NODE = Buffer.from([1]);

const splitOf = (size: number): number => {
  let wide = 1;
  while (wide * 2 < size) wide *= 2;
  return wide;
};

/** RFC 6962, section 2.1, as its recursion is written there. */
export function naiveRoot(inputs: readonly Buffer[]): Buffer {
  if (inputs.length === 0) return sha256();
  if (inputs.length === 1) return sha256(LEAF, inputs[0]!);
  const at = splitOf(inputs.length);
  return sha256(NODE, naiveRoot(inputs.slice(0, at)), naiveRoot(inputs.slice(at)));
}

/** RFC 6962, section 2.1.1. */
export function naivePath(index: number, inputs: readonly Buffer[]): Buffer[] {
  if (inputs.length <= 1) return [];
  const at = splitOf(inputs.length);
  return index < at
    ? [...naivePath(index, inputs.slice(0, at)), naiveRoot(inputs.slice(at))]
    : [...naivePath(index - at, inputs.slice(at)), naiveRoot(inputs.slice(0, at))];
}

/** RFC 6962, section 2.1.2. */
export function naiveConsistency(oldSize: number, inputs: readonly Buffer[], isWhole = true): Buffer[] {
  if (oldSize === inputs.length) return isWhole ? [] : [naiveRoot(inputs)];
  const at = splitOf(inputs.length);
  return oldSize <= at
    ? [...naiveConsistency(oldSize, inputs.slice(0, at), isWhole), naiveRoot(inputs.slice(at))]
    : [...naiveConsistency(oldSize - at, inputs.slice(at), false), naiveRoot(inputs.slice(0, at))];
}

/** Inputs that are easy to tell apart. */
export const inputsOf = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, n) => sha256(Buffer.from(`input ${String(n)}`)));
