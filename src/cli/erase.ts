import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../config/env';
import { composeErasure } from '../compose/erasure';
import type { Infrastructure } from '../compose/infrastructure';
import { logOrigin } from '../compose/installation';
import { makeFindAccount } from '../domain/accounts';
import type { ErasureView } from '../domain/erasure';
import type { Command } from './commands';

type EraseCommand = Extract<Command, { kind: 'erase' }>;

/** An erasure is carried out by the workers; the command looks so long how far they get. */
const PATIENCE_MS = 20_000;
const LOOK_EVERY_MS = 500;

/**
 * Begins the erasure of a lead as the API does, and says how far it came.
 *
 * @throws {UserError} `account_not_found`, `lead_not_found`, `lead_erased`
 */
export async function erase(
  infrastructure: Infrastructure,
  { account, lead, keepsMark }: EraseCommand,
  say: (text: string) => void,
  patienceMs = PATIENCE_MS,
): Promise<object> {
  const { config, clock, ids, keyRing } = infrastructure;
  const append = { keyRing, clock, ids, logOrigin: await logOrigin(infrastructure) };
  const { erasures } = composeErasure(infrastructure, append, {
    publicUrl: publicUrlOf(config),
    // Nothing is carried out here.
    dropBackupFiles: () => Promise.resolve(0),
  });
  const { id: accountId } = await makeFindAccount(infrastructure)(account);
  const { erasure: begun, link } = await erasures.request({
    accountId,
    leadUuid: lead,
    erasureUuid: ids.uuid(),
    keepsMark,
  });
  say(
    link === null ? 'This lead is being erased already.' : 'The erasure has begun: nothing new is sent to this person.',
  );
  const erasure = await untilComplete(() => erasures.get({ accountId, uuid: begun.uuid }), patienceMs);
  if (erasure.state !== 'complete') say('It is not complete yet: it goes on by itself while the workers run.');
  const address = erasures.addressOf(erasure.code);
  return {
    ...present(erasure, address),
    person_url: link === null ? null : `${address}#${link.toString('base64url')}`,
  };
}

async function untilComplete(look: () => Promise<ErasureView>, patienceMs: number): Promise<ErasureView> {
  for (let waited = 0; ; waited += LOOK_EVERY_MS) {
    const erasure = await look();
    if (erasure.state === 'complete' || waited >= patienceMs) return erasure;
    await sleep(LOOK_EVERY_MS);
  }
}

/** Where the running program says that it is, when nothing else is set. */
const publicUrlOf = ({ http: { publicUrl, host, port } }: Config): string =>
  publicUrl ?? `http://${host}:${String(port)}`;

const present = (erasure: ErasureView, address: string) => ({
  id: erasure.uuid,
  state: erasure.state,
  status_url: address,
  requested_at: erasure.requestedAt.toISOString(),
  rows_deleted_at: erasure.rowsDeletedAt?.toISOString() ?? null,
  keys_destroyed_at: erasure.keysDestroyedAt?.toISOString() ?? null,
  completed_at: erasure.completedAt?.toISOString() ?? null,
  recipients: erasure.recipients,
  certificate: erasure.certificate,
});
