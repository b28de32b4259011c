import { chmodSync, mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A new DATA_DIR that the system user of the embedded database can reach, so that the database lies inside it. */
export function newDataDir(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'assent-data-'));
  chmodSync(folder, 0o755);
  return folder;
}
