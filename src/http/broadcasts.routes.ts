import { z } from 'zod';
import {
  type BroadcastView,
  type CreateBroadcastInput,
  type makeCancelBroadcast,
  type makeDeleteBroadcast,
  type makeExportDeliveries,
  type makeLaunchBroadcast,
  type makeListBroadcasts,
  type makeListDeliveries,
  type makePauseBroadcast,
  type makeResumeBroadcast,
  type makeUpdateBroadcast,
} from '../domain/broadcasts';
import type { Principal } from '../domain/accounts';
import { UserError } from '../kernel/errors';
import {
  broadcastSchema,
  broadcastSummarySchema,
  createBroadcastBody,
  presentBroadcast,
  presentSummary,
  toBroadcastPatch,
  toNewBroadcast,
  updateBroadcastBody,
} from './broadcast.schemas';
import { deliveriesRoute } from './deliveries.routes';
import { CREATE_BROADCAST_EXAMPLE } from './examples';
import { eventsRoute } from './progress.routes';
import { privateRoute, type Reply, type Route } from './route';
import { requireScope } from './router';
import { listOf, listQuery, listReply, uuid } from './schemas';
import { trialRoutes, type TrialsApi } from './trials.routes';

export interface BroadcastsApi extends TrialsApi {
  /** Creates it under `uuid`. */
  readonly create: (input: CreateBroadcastInput & { readonly uuid: string }) => Promise<BroadcastView>;
  readonly update: ReturnType<typeof makeUpdateBroadcast>;
  readonly remove: ReturnType<typeof makeDeleteBroadcast>;
  readonly list: ReturnType<typeof makeListBroadcasts>;
  readonly launch: ReturnType<typeof makeLaunchBroadcast>;
  readonly pause: ReturnType<typeof makePauseBroadcast>;
  readonly resume: ReturnType<typeof makeResumeBroadcast>;
  readonly cancel: ReturnType<typeof makeCancelBroadcast>;
  readonly deliveries: ReturnType<typeof makeListDeliveries>;
  readonly exportDeliveries: ReturnType<typeof makeExportDeliveries>;
}

const tag = 'broadcasts';
const params = z.object({ id: uuid });

export function broadcastsRoutes(api: BroadcastsApi): Route[] {
  return [
    createRoute(api),
    ...readRoutes(api),
    ...changeRoutes(api),
    ...trialRoutes(api),
    ...STEPS.map((step) => stepRoute(api, step)),
    deliveriesRoute(api),
    eventsRoute(api),
  ];
}

const show = async (api: BroadcastsApi, principal: Principal, id: string, status: number): Promise<Reply> => ({
  status,
  body: presentBroadcast(await api.get({ accountId: principal.accountId, broadcastUuid: id }), principal),
});

const created = (view: BroadcastView, principal: Principal): Reply => ({
  status: 201,
  body: presentBroadcast(view, principal),
  headers: { Location: `/v1/broadcasts/${view.uuid}` },
  remember: view.uuid,
});

function createRoute(api: BroadcastsApi): Route {
  return privateRoute({
    method: 'post',
    path: '/v1/broadcasts',
    tag,
    scope: 'broadcasts:write',
    summary: 'Makes a draft, or with `launch` a broadcast that starts',
    description: '`launch` also needs the scope broadcasts:launch. A broadcast that is refused leaves nothing behind',
    body: createBroadcastBody,
    bodyExample: CREATE_BROADCAST_EXAMPLE,
    problems: [409],
    replies: { 201: { description: 'The broadcast', schema: broadcastSchema } },
    replay: async ({ principal }, id) => created(await ownView(api, principal, id), principal),
    handle: async ({ principal, body, newId, isResumed }) => {
      if (body.launch === true) requireScope(principal, 'broadcasts:launch');
      const known = isResumed ? await viewIfMade(api, principal, newId) : null;
      if (known !== null) return created(known, principal);
      const input = { ...toNewBroadcast(body), accountId: principal.accountId, uuid: newId };
      return created(await api.create(input), principal);
    },
  });
}

const ownView = (api: BroadcastsApi, { accountId }: Principal, id: string): Promise<BroadcastView> =>
  api.get({ accountId, broadcastUuid: id });

/** Whether the call that died had got as far as the broadcast. */
async function viewIfMade(api: BroadcastsApi, principal: Principal, id: string): Promise<BroadcastView | null> {
  try {
    return await ownView(api, principal, id);
  } catch (error) {
    if (error instanceof UserError && error.code === 'broadcast_not_found') return null;
    throw error;
  }
}

function readRoutes(api: BroadcastsApi): Route[] {
  return [
    privateRoute({
      method: 'get',
      path: '/v1/broadcasts',
      tag,
      scope: 'broadcasts:read',
      summary: 'Broadcasts of the account, newest first, without numbers',
      query: z.strictObject({ ...listQuery, cursor: uuid.optional() }),
      replies: { 200: { description: 'Broadcasts', schema: listOf(broadcastSummarySchema) } },
      handle: async ({ principal, query }) => {
        const { items, next } = await api.list({
          accountId: principal.accountId,
          limit: query.limit,
          after: query.cursor ?? null,
        });
        return listReply(items.map(presentSummary), next);
      },
    }),
    privateRoute({
      method: 'get',
      path: '/v1/broadcasts/{id}',
      tag,
      scope: 'broadcasts:read',
      summary: 'One broadcast with its numbers',
      params,
      problems: [404],
      replies: { 200: { description: 'The broadcast', schema: broadcastSchema } },
      handle: ({ principal, params: { id } }) => show(api, principal, id, 200),
    }),
  ];
}

function changeRoutes(api: BroadcastsApi): Route[] {
  return [
    privateRoute({
      method: 'patch',
      path: '/v1/broadcasts/{id}',
      tag,
      scope: 'broadcasts:write',
      summary: 'Changes a broadcast that is a draft, scheduled or paused',
      description:
        'After the launch, anything but the name also needs the scope broadcasts:launch. Once its audience is frozen only name and rate_per_second may change',
      params,
      body: updateBroadcastBody,
      bodyExample: { name: 'Grand opening', rate_per_second: 10 },
      problems: [404, 409],
      replies: { 200: { description: 'The broadcast', schema: broadcastSchema } },
      handle: async ({ principal, params: { id }, body }) => {
        const view = await api.update({
          accountId: principal.accountId,
          broadcastUuid: id,
          patch: toBroadcastPatch(body),
          mayLaunch: principal.scopes.includes('broadcasts:launch'),
        });
        return { status: 200, body: presentBroadcast(view, principal) };
      },
    }),
    privateRoute({
      method: 'delete',
      path: '/v1/broadcasts/{id}',
      tag,
      scope: 'broadcasts:write',
      summary: 'Deletes a broadcast that never had an audience',
      params,
      problems: [404, 409],
      replies: { 204: { description: 'Deleted' } },
      handle: async ({ principal, params: { id } }) => {
        await api.remove({ accountId: principal.accountId, broadcastUuid: id });
        return { status: 204 };
      },
    }),
  ];
}

interface Step {
  readonly name: 'launch' | 'pause' | 'resume' | 'cancel';
  readonly summary: string;
}

const STEPS: readonly Step[] = [
  { name: 'launch', summary: 'Schedules or starts a broadcast; launching twice is the same as once' },
  { name: 'pause', summary: 'Stops sending; messages already claimed still go out' },
  { name: 'resume', summary: 'Goes on where it was paused or blocked' },
  { name: 'cancel', summary: 'Ends a broadcast for good; what is pending is skipped' },
];

function stepRoute(api: BroadcastsApi, { name, summary }: Step): Route {
  return privateRoute({
    method: 'post',
    path: `/v1/broadcasts/{id}/${name}`,
    tag,
    scope: 'broadcasts:launch',
    summary,
    params,
    problems: [404, 409],
    replies: { 202: { description: 'The broadcast as it is now', schema: broadcastSchema } },
    replay: ({ principal, params: { id } }) => show(api, principal, id, 202),
    handle: async ({ principal, params: { id } }) => ({
      status: 202,
      body: presentBroadcast(await api[name]({ accountId: principal.accountId, broadcastUuid: id }), principal),
    }),
  });
}
