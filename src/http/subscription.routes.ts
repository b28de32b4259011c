import { z } from 'zod';
import type {
  makeAskAccountErasure,
  makeEndSubscription,
  makeGetSubscription,
  makeResumeSubscription,
} from '../domain/erasure';
import { CANCELLED_EXAMPLE, SUBSCRIPTION_EXAMPLE } from './examples';
import { recall } from './remembered';
import { privateRoute, type Route } from './route';
import { isoOrNull, timestamp } from './schemas';

export interface SubscriptionApi {
  readonly askErasure: ReturnType<typeof makeAskAccountErasure>;
  readonly end: ReturnType<typeof makeEndSubscription>;
  readonly resume: ReturnType<typeof makeResumeSubscription>;
  readonly get: ReturnType<typeof makeGetSubscription>;
}

const tag = 'account';

const subscriptionSchema = z
  .object({
    state: z.enum(['active', 'cancelled']),
    cancelled_at: timestamp.nullable(),
    delete_at: timestamp.nullable().meta({ description: 'Everything is deleted then' }),
  })
  .meta({ id: 'Subscription', example: SUBSCRIPTION_EXAMPLE });

const cancelledSchema = z
  .object({
    data: z.enum(['keep', 'delete']),
    delete_at: timestamp.nullable().meta({ description: 'Of `keep`: everything is deleted then' }),
    confirm_until: timestamp.nullable().meta({ description: 'Of `delete`: the mailed link counts so long' }),
  })
  .meta({ id: 'CancelledSubscription', example: CANCELLED_EXAMPLE });
type Cancelled = z.infer<typeof cancelledSchema>;

async function cancel(
  api: SubscriptionApi,
  account: { readonly accountId: string; readonly name: string },
  data: Cancelled['data'],
): Promise<Cancelled> {
  if (data === 'delete') {
    const { confirmUntil } = await api.askErasure(account);
    return { data, delete_at: null, confirm_until: confirmUntil.toISOString() };
  }
  const { deleteAt } = await api.end(account);
  return { data, delete_at: deleteAt.toISOString(), confirm_until: null };
}

export const subscriptionRoutes = (api: SubscriptionApi): Route[] => {
  const current = async (accountId: string) => {
    const end = await api.get(accountId);
    return {
      status: 200,
      body: {
        state: end === null ? 'active' : 'cancelled',
        cancelled_at: isoOrNull(end?.endedAt ?? null),
        delete_at: isoOrNull(end?.deleteAt ?? null),
      },
    };
  };
  return [
    privateRoute({
      method: 'get',
      path: '/v1/account/subscription',
      tag,
      scope: 'account:admin',
      summary: 'Whether the subscription was cancelled, and until when the data is kept',
      replies: { 200: { description: 'The subscription', schema: subscriptionSchema } },
      handle: ({ principal }) => current(principal.accountId),
    }),
    privateRoute({
      method: 'post',
      path: '/v1/account/subscription/cancel',
      tag,
      scope: 'account:admin',
      summary: 'Cancels the subscription',
      description:
        '`keep`: nothing is sent from the answer on, people can still leave, and everything can be taken out; it is deleted after 30 days, of which the owner is reminded by mail. `delete`: as `DELETE /v1/account`: nothing ends before the yes in the mail, and then everything at once',
      body: z
        .strictObject({
          name: z.string().min(1).max(200).meta({ description: 'The name of the account, typed' }),
          data: z.enum(['keep', 'delete']),
        })
        .meta({ id: 'CancelSubscription' }),
      bodyExample: { name: 'Harbour Coffee', data: 'keep' },
      problems: [404],
      replies: { 202: { description: 'What follows', schema: cancelledSchema } },
      replay: (_call, remembered) => recall(cancelledSchema, remembered, 202),
      handle: async ({ principal, body: { name, data } }) => {
        const body = await cancel(api, { accountId: principal.accountId, name }, data);
        return { status: 202, body, remember: JSON.stringify(body) };
      },
    }),
    privateRoute({
      method: 'post',
      path: '/v1/account/subscription/resume',
      tag,
      scope: 'account:admin',
      summary: 'Takes a cancelled subscription up again. Pages and broadcasts that it stopped go on',
      replies: { 200: { description: 'The subscription as it is now', schema: subscriptionSchema } },
      replay: ({ principal }) => current(principal.accountId),
      handle: async ({ principal }) => {
        await api.resume(principal.accountId);
        return current(principal.accountId);
      },
    }),
  ];
};
