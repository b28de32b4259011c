/** The last checkpoint, kept where the key ring lies: a database that was set back does not have it. */
export interface CheckpointCopy {
  read(): Promise<string | null>;
  /** Durable when it resolves. A note of a smaller tree than the one kept changes nothing. */
  write(note: string): Promise<void>;
}
