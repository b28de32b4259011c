import { statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Written by a worker process every few seconds; one container holds one worker. */
export const HEARTBEAT_FILE = path.join(os.tmpdir(), 'assent-worker-heartbeat');
const STALE_MS = 30_000;

/** Exit status 0 while the heartbeat is young: what the container's health check asks. */
export function isAlive(nowMs: number, file: string = HEARTBEAT_FILE): boolean {
  const written = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  return written !== undefined && nowMs - written < STALE_MS;
}
