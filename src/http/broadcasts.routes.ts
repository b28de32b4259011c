import { z } from 'zod';
import {
  MAX_TEST_LEADS,
  type BroadcastView,
  type CreateBroadcastInput,
  type makeCancelBroadcast,
  type makeDeleteBroadcast,
  type makeEstimateAudience,
  type makeExportDeliveries,
  type makeGetBroadcast,
  type makeLaunchBroadcast,
  type makeListBroadcasts,
  type makeListDeliveries,
  type makePauseBroadcast,
  type makePreflight,
  type makeResumeBroadcast,
  type makeTestBroadcast,
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
  toAudience,
  toBroadcastPatch,
  toNewBroadcast,
  updateBroadcastBody,
} from './broadcast.schemas';
import { deliveriesRoute } from './deliveries.routes';
import { CREATE_BROADCAST_EXAMPLE } from './examples';
import { estimateBody, estimateSchema, preflightSchema, presentEstimate, presentPreflight } from './preflight.schemas';
import { eventsRoute } from './progress.routes';
import { privateRoute, type Reply, type Route } from './route';
import { requireScope } from './router';
import { listOf, listQuery, listReply, uuid } from './schemas';

export interface BroadcastsApi {
  /** Creates it under `uuid`. */
  readonly create: (input: CreateBroadcastInput & { readonly uuid: string }) => Promise<BroadcastView>;
  readonly update: ReturnType<typeof makeUpdateBroadcast>;
  readonly remove: ReturnType<typeof makeDeleteBroadcast>;
  readonly get: ReturnType<typeof makeGetBroadcast>;
  readonly list: ReturnType<typeof makeListBroadcasts>;
  readonly preflight: ReturnType<typeof makePreflight>;
  readonly estimate: ReturnType<typeof makeEstimateAudience>;
  readonly test: ReturnType<typeof makeTestBroadcast>;
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
      description: 'Once its audience is frozen only name and rate_per_second may change',
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

const testSchema = z
  .object({ lead_ids: z.array(uuid) })
  .meta({ id: 'QueuedTest', example: { lead_ids: ['0b0f2f5e-3c5c-4a53-8a3d-6f6f2c3f5a10'] } });

function trialRoutes(api: BroadcastsApi): Route[] {
  return [
    privateRoute({
      method: 'post',
      path: '/v1/audiences/estimate',
      tag: 'audiences',
      scope: 'broadcasts:read',
      summary: 'Counts an audience without a broadcast',
      body: estimateBody,
      bodyExample: { page_ids: ['104857600000001'], audience: { tags_any: ['newsletter'] } },
      replies: { 200: { description: 'The decisions in numbers', schema: estimateSchema } },
      replay: 'again',
      handle: async ({ principal, body }) => {
        const audience = body.audience === undefined ? {} : toAudience(body.audience);
        const counted = await api.estimate({ accountId: principal.accountId, pageIds: body.page_ids, audience });
        return { status: 200, body: presentEstimate(counted) };
      },
    }),
    privateRoute({
      method: 'post',
      path: '/v1/broadcasts/{id}/preflight',
      tag,
      scope: 'broadcasts:read',
      summary: 'What a launch would do now, without doing it',
      params,
      problems: [404],
      replies: { 200: { description: 'Decisions by reason, duration, preview, warnings', schema: preflightSchema } },
      replay: 'again',
      handle: async ({ principal, params: { id } }) => ({
        status: 200,
        body: presentPreflight(await api.preflight({ accountId: principal.accountId, broadcastUuid: id })),
      }),
    }),
    privateRoute({
      method: 'post',
      path: '/v1/broadcasts/{id}/test',
      tag,
      scope: 'broadcasts:launch',
      summary: 'Sends the message to a few leads, under the same rules as everybody',
      description: 'All of them or none. Where the window is closed, the problem names the m.me link that opens it',
      params,
      body: z.strictObject({ lead_ids: z.array(uuid).min(1).max(MAX_TEST_LEADS) }).meta({ id: 'TestBroadcast' }),
      bodyExample: { lead_ids: ['0b0f2f5e-3c5c-4a53-8a3d-6f6f2c3f5a10'] },
      problems: [404],
      replies: { 202: { description: 'The leads a message is on its way to', schema: testSchema } },
      replay: ({ body }) => Promise.resolve({ status: 202, body: { lead_ids: [...new Set(body.lead_ids)] } }),
      handle: async ({ principal, params: { id }, body }) => {
        await api.test({ accountId: principal.accountId, broadcastUuid: id, leadIds: body.lead_ids });
        return { status: 202, body: { lead_ids: [...new Set(body.lead_ids)] } };
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
