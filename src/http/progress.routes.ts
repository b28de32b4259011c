import { Readable } from 'node:stream';
import { z } from 'zod';
import type { BroadcastView, makeGetBroadcast } from '../domain/broadcasts';
import { presentStats, type broadcastSchema } from './broadcast.schemas';
import { PROGRESS_EXAMPLE } from './examples';
import { HttpError } from './http.errors';
import { progressEvents } from './progress-events';
import { privateRoute, type Route } from './route';
import { uuid } from './schemas';

export interface ProgressApi {
  readonly get: ReturnType<typeof makeGetBroadcast>;
}

export const MAX_STREAMS_PER_KEY = 10;

type Progress = Pick<z.infer<typeof broadcastSchema>, 'status' | 'blocked_reason' | 'stats'>;

const present = (view: BroadcastView): Progress => ({
  status: view.status,
  blocked_reason: view.blockedReason,
  stats: presentStats(view.stats),
});

/** Status and numbers as they change, until the broadcast is over. */
export function eventsRoute(api: ProgressApi): Route {
  const openStream = makeStreamLimit();
  return privateRoute({
    method: 'get',
    path: '/v1/broadcasts/{id}/events',
    tag: 'broadcasts',
    scope: 'broadcasts:read',
    summary: 'Progress as server-sent events',
    description:
      'An event `progress` with status, blocked_reason and stats at first and at every change, at most one a second. The stream ends when the broadcast is completed or cancelled; who then connects again with the last event id is answered 204',
    params: z.object({ id: uuid }),
    problems: [404, 429],
    replies: {
      200: {
        description: 'The events',
        schema: z.string(),
        contentType: 'text/event-stream',
        example: PROGRESS_EXAMPLE,
      },
      204: { description: 'It is over, and the caller has seen that' },
    },
    handle: async ({ principal, params: { id }, signal, header, isStillAllowed }) => {
      const look = async () => present(await api.get({ accountId: principal.accountId, broadcastUuid: id }));
      const first = await look();
      if (isOver(first) && header('last-event-id') === first.status) return { status: 204 };
      return {
        status: 200,
        contentType: 'text/event-stream; charset=utf-8',
        headers: { 'X-Accel-Buffering': 'no' },
        stream: openStream(principal.apiKeyUuid, () =>
          Readable.from(progressEvents({ first, look, isOver, isStillAllowed, signal })),
        ),
      };
    },
  });
}

/** Every stream looks once a second; a key that opens them without end would look without end. */
function makeStreamLimit() {
  const open = new Map<string, number>();
  return (apiKeyUuid: string, make: () => Readable): Readable => {
    const before = open.get(apiKeyUuid) ?? 0;
    if (before >= MAX_STREAMS_PER_KEY) {
      throw new HttpError('too_many_streams', `a key may have ${MAX_STREAMS_PER_KEY} event streams open at once`, [], {
        'Retry-After': '5',
      });
    }
    open.set(apiKeyUuid, before + 1);
    return make().once('close', () => {
      const left = (open.get(apiKeyUuid) ?? 1) - 1;
      if (left > 0) open.set(apiKeyUuid, left);
      else open.delete(apiKeyUuid);
    });
  };
}

const isOver = ({ status }: Progress): boolean => status === 'completed' || status === 'cancelled';
