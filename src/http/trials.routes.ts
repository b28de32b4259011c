import { z } from 'zod';
import {
  MAX_TEST_LEADS,
  type makeEstimateAudience,
  type makeGetBroadcast,
  type makePreflight,
  type makeTestBroadcast,
} from '../domain/broadcasts';
import { toAudience } from './broadcast.schemas';
import { HttpError } from './http.errors';
import { estimateBody, estimateSchema, preflightSchema, presentEstimate, presentPreflight } from './preflight.schemas';
import { privateRoute, type Route } from './route';
import { requireScope } from './router';
import { uuid } from './schemas';

export interface TrialsApi {
  readonly get: ReturnType<typeof makeGetBroadcast>;
  readonly preflight: ReturnType<typeof makePreflight>;
  readonly estimate: ReturnType<typeof makeEstimateAudience>;
  readonly test: ReturnType<typeof makeTestBroadcast>;
}

const params = z.object({ id: uuid });

const testSchema = z
  .object({ lead_ids: z.array(uuid) })
  .meta({ id: 'QueuedTest', example: { lead_ids: ['0b0f2f5e-3c5c-4a53-8a3d-6f6f2c3f5a10'] } });

/** The body of a repeated call is the same: places in it tell who was queued, and name nobody who is erased meanwhile. */
const placesOf = (queued: readonly string[], asked: readonly string[]): string => {
  const ids = asked.map((id) => id.toLowerCase());
  return queued.map((id) => String(ids.indexOf(id))).join(' ');
};

const atPlaces = (asked: readonly string[], places: string): string[] =>
  places.split(' ').map((place) => asked[Number(place)]?.toLowerCase() ?? place);

const LEADS_SCOPE_NOTE =
  'An audience with `lead_ids` also needs the scope leads:read: its numbers tell how a lead stands';

type TestLimit = NonNullable<Awaited<ReturnType<TrialsApi['test']>>['limit']>;

const tooManyTests = ({ per, retryAfterSeconds }: TestLimit): HttpError =>
  new HttpError(
    'test_limit',
    per === 'minute'
      ? 'each of these leads had a test of this broadcast within the minute'
      : 'an account may test on a few leads a day; test on the same ones, or wait',
    [],
    { 'Retry-After': String(retryAfterSeconds) },
  );

/** Calls that tell or try what a broadcast would do. */
export function trialRoutes(api: TrialsApi): Route[] {
  return [
    privateRoute({
      method: 'post',
      path: '/v1/audiences/estimate',
      tag: 'audiences',
      scope: 'broadcasts:read',
      summary: 'Counts an audience without a broadcast',
      description: LEADS_SCOPE_NOTE,
      body: estimateBody,
      bodyExample: { page_ids: ['104857600000001'], audience: { tags_any: ['newsletter'] } },
      replies: { 200: { description: 'The decisions in numbers', schema: estimateSchema } },
      replay: 'again',
      handle: async ({ principal, body }) => {
        if (body.audience?.lead_ids !== undefined) requireScope(principal, 'leads:read');
        const audience = body.audience === undefined ? {} : toAudience(body.audience);
        const counted = await api.estimate({ accountId: principal.accountId, pageIds: body.page_ids, audience });
        return { status: 200, body: presentEstimate(counted) };
      },
    }),
    privateRoute({
      method: 'post',
      path: '/v1/broadcasts/{id}/preflight',
      tag: 'broadcasts',
      scope: 'broadcasts:read',
      summary: 'What a launch would do now, without doing it',
      description: LEADS_SCOPE_NOTE,
      params,
      problems: [404],
      replies: { 200: { description: 'Decisions by reason, duration, preview, warnings', schema: preflightSchema } },
      replay: 'again',
      handle: async ({ principal, params: { id } }) => {
        const { audience } = await api.get({ accountId: principal.accountId, broadcastUuid: id });
        if (audience.leadIds !== null) requireScope(principal, 'leads:read');
        const judged = await api.preflight({ accountId: principal.accountId, broadcastUuid: id });
        return { status: 200, body: presentPreflight(judged) };
      },
    }),
    privateRoute({
      method: 'post',
      path: '/v1/broadcasts/{id}/test',
      tag: 'broadcasts',
      scope: 'broadcasts:launch',
      summary: 'Sends the message to a few leads, under the same rules as everybody',
      description:
        'All of them or none. Where the window is closed, the problem names the m.me link that opens it. A lead gets the test of a broadcast once a minute, and an account may test on 20 leads in 24 hours',
      params,
      body: z.strictObject({ lead_ids: z.array(uuid).min(1).max(MAX_TEST_LEADS) }).meta({ id: 'TestBroadcast' }),
      bodyExample: { lead_ids: ['0b0f2f5e-3c5c-4a53-8a3d-6f6f2c3f5a10'] },
      problems: [404, 429],
      replies: { 202: { description: 'The leads a message is on its way to', schema: testSchema } },
      replay: ({ body }, remembered) =>
        Promise.resolve({ status: 202, body: testSchema.parse({ lead_ids: atPlaces(body.lead_ids, remembered) }) }),
      handle: async ({ principal, params: { id }, body }) => {
        const leadIds = body.lead_ids;
        const { queued, limit } = await api.test({ accountId: principal.accountId, broadcastUuid: id, leadIds });
        if (limit !== null) throw tooManyTests(limit);
        return { status: 202, body: { lead_ids: queued }, remember: placesOf(queued, leadIds) };
      },
    }),
  ];
}
