import { UserError, type FieldError } from '../../kernel/errors';
import type { Ids } from '../../kernel/ids';
import type { RowId, Sql, Tx } from '../sql.types';
import {
  findOwnBroadcast,
  insertBroadcast,
  listBroadcastPages,
  removeBroadcast,
  replaceLeads,
  replacePages,
  updateDraft,
  type DraftFields,
} from './broadcast.store';
import type {
  AudienceInput,
  BroadcastInput,
  BroadcastPatch,
  BroadcastRow,
  Definition,
  MessageInput,
  StoredAudience,
} from './broadcast.types';
import { viewOf, type BroadcastView } from './broadcast-view';
import { broadcastNotFound, BroadcastStateError, invalidBroadcast, wrongState } from './broadcasts.errors';
import type { ControlBroadcastDeps, OwnBroadcast } from './control-broadcast';
import { openDefinition, sealDefinition } from './definition';
import { requireAudienceReferences, requirePages } from './draft-references';
import { checkDraft, isPurpose } from './draft.rules';
import { launchLocked, lockOwn, wake } from './launch';
import { contentSha256 } from './message.rules';
import { isDeletable, transition, type BroadcastStatus } from './state.rules';

export type WriteDraftDeps = ControlBroadcastDeps & { readonly ids: Ids };

export interface CreateBroadcastInput extends BroadcastInput {
  readonly accountId: RowId;
  /** The public id to make it under: the same when a call that died is repeated. */
  readonly uuid?: string | undefined;
  /** Launches it in the same transaction: an error leaves nothing behind. */
  readonly launch?: boolean | undefined;
}

/** @throws {UserError} `broadcast_invalid` with every wrong field */
export function makeCreateBroadcast(deps: WriteDraftDeps) {
  return async (input: CreateBroadcastInput): Promise<BroadcastView> => {
    const { accountId } = input;
    const now = deps.clock.now();
    refuse(checkDraft(input, now));
    const key = await deps.accountKey(accountId);
    const uuid = input.uuid ?? deps.ids.uuid();
    const row = await deps.db.transaction(async (tx) => {
      const pageIds = (await requirePages(tx, accountId, input.pageIds)).map((page) => page.id);
      const leadIds = await requireAudienceReferences(tx, accountId, pageIds, input.audience ?? {});
      const definition = definitionOf(input);
      const scheduledAt = input.schedule?.at ?? null;
      const draft = await insertBroadcast(
        tx,
        { uuid, accountId },
        {
          ...sealed(key, uuid, definition),
          purpose: purposeOf(input.purpose, 'promotional'),
          scheduledAt,
          startAt: null,
          ratePerSecond: input.ratePerSecond ?? null,
          startDelaySeconds: input.startDelaySeconds ?? 0,
        },
        now,
      );
      if (draft === undefined) throw broadcastNotFound();
      await replacePages(tx, draft.id, pageIds);
      if (leadIds !== null) await replaceLeads(tx, draft.id, leadIds);
      return input.launch === true ? launchLocked(tx, draft, now) : draft;
    });
    await wake(deps, row);
    return viewOf(deps, row);
  };
}

export interface UpdateBroadcastInput extends OwnBroadcast {
  readonly patch: BroadcastPatch;
  /** Whether the caller may launch: what is on its way goes out as it is changed. No, when absent. */
  readonly mayLaunch?: boolean | undefined;
}

/**
 * Changes what is given. Once the audience is frozen only name and rate may change.
 *
 * @throws {UserError} `broadcast_not_found`, `broadcast_state`, `broadcast_invalid`; `scope_missing` for more than the
 *   name of a launched broadcast
 */
export function makeUpdateBroadcast(deps: WriteDraftDeps) {
  return async ({
    accountId,
    broadcastUuid,
    patch,
    mayLaunch = false,
  }: UpdateBroadcastInput): Promise<BroadcastView> => {
    const now = deps.clock.now();
    refuse(checkDraft(patch, now));
    const key = await deps.accountKey(accountId);
    const row = await deps.db.transaction(async (tx) => {
      const references = await patchReferences(tx, accountId, broadcastUuid, patch);
      const locked = await lockOwn(tx, accountId, broadcastUuid);
      refuseEdit(locked, patch);
      if (!mayLaunch) refuseLaunchedEdit(locked, patch);
      const definition = patchedDefinition(openDefinition(key, locked), patch);
      if (references.pageIds !== null) await replacePages(tx, locked.id, references.pageIds);
      if (patch.audience !== undefined) await replaceLeads(tx, locked.id, references.leadIds ?? []);
      const fields = { ...sealed(key, locked.uuid, definition), ...patchedFields(locked, patch) };
      return (await updateDraft(tx, locked.id, fields, now)) ?? locked;
    });
    return viewOf(deps, row);
  };
}

/** Before the broadcast is locked, because naming leads locks them, and leads come first. */
async function patchReferences(sql: Sql, accountId: RowId, uuid: string, patch: BroadcastPatch) {
  const row = await findOwnBroadcast(sql, accountId, uuid);
  if (row === undefined) throw broadcastNotFound();
  const pageIds =
    patch.pageIds === undefined ? null : (await requirePages(sql, accountId, patch.pageIds)).map((page) => page.id);
  if (patch.audience === undefined) return { pageIds, leadIds: null };
  const reach = pageIds ?? (await listBroadcastPages(sql, row.id)).map((page) => page.pageId);
  return { pageIds, leadIds: await requireAudienceReferences(sql, accountId, reach, patch.audience) };
}

const CHANGEABLE_WHEN_FROZEN: readonly (keyof BroadcastPatch)[] = ['name', 'ratePerSecond'];

function refuseEdit(row: BroadcastRow, patch: BroadcastPatch): void {
  if (!transition(row.status, 'edit').ok) throw wrongState(row.status, 'edit');
  if (row.frozenAt !== null && givenIn(patch).some((field) => !CHANGEABLE_WHEN_FROZEN.includes(field))) {
    throw new BroadcastStateError(
      row.status,
      ['draft', 'scheduled'],
      'the audience is frozen, only name and rate_per_second may change',
    );
  }
  if (patch.schedule === null && row.launchedAt !== null) {
    throw invalidBroadcast([{ pointer: '/schedule', detail: 'cannot be taken away after the launch; cancel instead' }]);
  }
}

const givenIn = (patch: BroadcastPatch): (keyof BroadcastPatch)[] =>
  (Object.keys(patch) as (keyof BroadcastPatch)[]).filter((field) => patch[field] !== undefined);

/** After the lock: a launch between the question and the change must not let the change through. */
function refuseLaunchedEdit(row: BroadcastRow, patch: BroadcastPatch): void {
  if (row.launchedAt === null || givenIn(patch).every((field) => field === 'name')) return;
  throw new UserError('scope_missing', 'after the launch only the name may change without the scope broadcasts:launch');
}

function patchedFields(row: BroadcastRow, patch: BroadcastPatch): Omit<DraftFields, 'definitionCt' | 'contentSha256'> {
  const scheduledAt = patch.schedule === undefined ? row.scheduledAt : (patch.schedule?.at ?? null);
  const startDelaySeconds = patch.startDelaySeconds ?? row.startDelaySeconds;
  const isMoved = patch.schedule !== undefined || patch.startDelaySeconds !== undefined;
  const startAt =
    row.launchedAt !== null && isMoved && scheduledAt !== null
      ? new Date(scheduledAt.getTime() + startDelaySeconds * 1_000)
      : row.startAt;
  return {
    purpose: purposeOf(patch.purpose, row.purpose),
    scheduledAt,
    startAt,
    ratePerSecond: patch.ratePerSecond === undefined ? row.ratePerSecond : patch.ratePerSecond,
    startDelaySeconds,
  };
}

/**
 * Deletes what has never had an audience.
 *
 * @throws {UserError} `broadcast_not_found`, `broadcast_state`
 */
export function makeDeleteBroadcast({ db }: Pick<WriteDraftDeps, 'db'>) {
  return ({ accountId, broadcastUuid }: OwnBroadcast): Promise<void> =>
    db.transaction(async (tx: Tx) => {
      const row = await lockOwn(tx, accountId, broadcastUuid);
      if (!isDeletable(row.status, row.frozenAt)) {
        const allowed: BroadcastStatus[] = row.frozenAt === null ? ['draft', 'cancelled'] : ['draft'];
        throw new BroadcastStateError(row.status, allowed, 'a broadcast with an audience cannot be deleted');
      }
      await removeBroadcast(tx, row.id);
    });
}

function refuse(faults: readonly FieldError[]): void {
  if (faults.length > 0) throw invalidBroadcast(faults);
}

const definitionOf = (input: BroadcastInput): Definition => ({
  name: input.name.trim(),
  message: messageOf(input.message),
  audience: storedAudience(input.audience ?? {}),
});

const patchedDefinition = (now: Definition, patch: BroadcastPatch): Definition => ({
  name: patch.name?.trim() ?? now.name,
  message: patch.message === undefined ? now.message : messageOf(patch.message),
  audience: patch.audience === undefined ? now.audience : storedAudience(patch.audience),
});

function storedAudience({ leadIds, ...filter }: AudienceInput): StoredAudience {
  return { ...filter, byLead: leadIds !== undefined };
}

function messageOf({ template: _template, ...message }: MessageInput): Definition['message'] {
  return message;
}

const sealed = (key: Buffer, uuid: string, definition: Definition) => ({
  definitionCt: sealDefinition(key, uuid, definition),
  contentSha256: Buffer.from(contentSha256(definition.message), 'hex'),
});

const purposeOf = (given: string | undefined, fallback: DraftFields['purpose']): DraftFields['purpose'] =>
  given !== undefined && isPurpose(given) ? given : fallback;
