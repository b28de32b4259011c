/**
 * The inputs of all leaves, 32 bytes each, kept where the key ring lies: from them a database that was set back gets back the tree it
 * has lost the end of. They say nothing about anybody.
 */
export interface LeafCopy {
  /** How many leaves are kept. */
  count(): Promise<number>;
  /** @returns the inputs of leaves `from` up to `to`, one after the other; fewer when fewer are kept */
  read(from: number, to: number): Promise<Buffer>;
  /** Durable when it resolves. What is written again is the same: only committed leaves are kept. */
  write(from: number, inputs: Buffer): Promise<void>;
}
