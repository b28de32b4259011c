import { readFileSync } from 'node:fs';
import { makeRangeProofs } from '../src/domain/proof';
import { systemClock } from '../src/kernel/clock';
import { randomIds } from '../src/kernel/ids';
import { openKeyRing, postgresRingRegistry } from '../src/platform/keyring';
import { openDatabase } from '../src/platform/postgres/database';

export interface ExportOrder {
  readonly url: string;
  readonly keyDir: string;
  /** Base64. */
  readonly seal: string;
  readonly logOrigin: string;
  readonly accountId: string;
}

export interface Exported {
  readonly bytes: number;
  readonly seconds: number;
  /** Of the process, from its start to the last byte. */
  readonly peakMb: number;
}

/** An export of everybody in a process of its own, so that its memory is nobody else's. */
async function run({ url, keyDir, seal, logOrigin, accountId }: ExportOrder): Promise<void> {
  const db = await openDatabase({ url, poolSize: 4, applicationName: 'assent-bench-export' });
  const keyRing = await openKeyRing({
    dir: keyDir,
    seals: [Buffer.from(seal, 'base64')],
    registry: postgresRingRegistry(db),
    clock: systemClock,
    ids: randomIds,
  });
  const rangeProofs = makeRangeProofs({
    db,
    keyRing,
    clock: systemClock,
    ids: randomIds,
    logOrigin,
    witnessVkeys: [],
    byHandScript: Buffer.from(''),
    verifierSha256: Buffer.from(''),
  });
  const startMs = performance.now();
  const to = new Date(Date.now() + 1_000);
  const stream = await rangeProofs({ accountId, page: undefined, from: new Date(0), to, form: 'zip' });
  let bytes = 0;
  for await (const part of stream) bytes += part.length;
  const seconds = (performance.now() - startMs) / 1000;
  await db.close();
  process.send?.({ bytes, seconds, peakMb: peakMb() });
  process.disconnect();
}

function peakMb(): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

process.once('message', (order: ExportOrder) => void run(order));
