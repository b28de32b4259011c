import { z } from 'zod';
import type {
  makeConnectPage,
  makeDisconnectPage,
  makeGetPage,
  makeImportSuppressions,
  makeListPages,
  makeUpdatePage,
  PageDetail,
} from '../domain/pages';
import {
  CONNECT_PAGE_EXAMPLE,
  connectPageBody,
  pageSchema,
  presentPage,
  toSettings,
  updatePageBody,
} from './page.schemas';
import { recall, remembering } from './remembered';
import { privateRoute, type Reply, type Route } from './route';
import { listOf, listQuery, listReply, pageRef, psid } from './schemas';

export interface PagesApi {
  readonly connect: ReturnType<typeof makeConnectPage>;
  readonly update: ReturnType<typeof makeUpdatePage>;
  readonly disconnect: ReturnType<typeof makeDisconnectPage>;
  readonly get: ReturnType<typeof makeGetPage>;
  readonly list: ReturnType<typeof makeListPages>;
  readonly importSuppressions: ReturnType<typeof makeImportSuppressions>;
}

const params = z.object({ page_id: pageRef });
const tag = 'pages';

export function pagesRoutes(api: PagesApi): Route[] {
  return [...readRoutes(api), ...writeRoutes(api), suppressionsRoute(api)];
}

function readRoutes(api: PagesApi): Route[] {
  return [
    privateRoute({
      method: 'get',
      path: '/v1/pages',
      tag,
      scope: 'pages:read',
      summary: 'Pages of the account',
      query: z.strictObject(listQuery),
      replies: { 200: { description: 'Pages, oldest first', schema: listOf(pageSchema) } },
      handle: async ({ principal, query }) => {
        const { items, next } = await api.list({
          accountId: principal.accountId,
          limit: query.limit,
          after: query.cursor ?? null,
        });
        const details = await Promise.all(items.map((item) => api.get(principal.accountId, item.uuid)));
        return listReply(details.map(presentPage), next);
      },
    }),
    privateRoute({
      method: 'get',
      path: '/v1/pages/{page_id}',
      tag,
      scope: 'pages:read',
      summary: 'One Page with its settings, notice and state',
      params,
      problems: [404],
      replies: { 200: { description: 'The Page', schema: pageSchema } },
      handle: async ({ principal, params: { page_id } }) => ({
        status: 200,
        body: presentPage(await api.get(principal.accountId, page_id)),
      }),
    }),
  ];
}

const presentConnected = (page: PageDetail, status: 200 | 201): Reply => ({
  status,
  body: presentPage(page),
  headers: { Location: `/v1/pages/${page.metaPageId}` },
  remember: page.uuid,
});

function writeRoutes(api: PagesApi): Route[] {
  return [
    privateRoute({
      method: 'post',
      path: '/v1/pages',
      tag,
      scope: 'pages:write',
      summary: 'Connects a Page',
      description:
        'Checks the token at Meta, then sets greeting, Get Started, menu and webhook fields. Connecting a Page again renews it',
      body: connectPageBody,
      bodyExample: CONNECT_PAGE_EXAMPLE,
      problems: [409, 502],
      replies: {
        201: { description: 'Connected', schema: pageSchema },
        200: { description: 'Connected before; renewed', schema: pageSchema },
      },
      replay: async ({ principal }, pageUuid) => presentConnected(await api.get(principal.accountId, pageUuid), 200),
      handle: async ({ principal, body, newId }) => {
        const { page, created } = await api.connect({
          accountId: principal.accountId,
          metaPageId: body.page_id,
          accessToken: body.access_token,
          settings: { ...toSettings(body), name: body.name },
          uuid: newId,
        });
        return presentConnected(page, created ? 201 : 200);
      },
    }),
    privateRoute({
      method: 'patch',
      path: '/v1/pages/{page_id}',
      tag,
      scope: 'pages:write',
      summary: 'Changes settings, notice or token',
      params,
      body: updatePageBody,
      bodyExample: { rate_per_second: 20, time_zone: 'Europe/Berlin' },
      problems: [404, 409, 502],
      replies: { 200: { description: 'The Page as it is now', schema: pageSchema } },
      handle: async ({ principal, params: { page_id }, body }) => {
        const { page } = await api.update({
          accountId: principal.accountId,
          ref: page_id,
          settings: toSettings(body),
          accessToken: body.access_token,
        });
        return { status: 200, body: presentPage(page) };
      },
    }),
    privateRoute({
      method: 'delete',
      path: '/v1/pages/{page_id}',
      tag,
      scope: 'pages:write',
      summary: 'Disconnects a Page',
      description: 'Ends webhooks and sends and drops the token. Leads and their proofs stay',
      params,
      problems: [404],
      replies: { 200: { description: 'The disconnected Page', schema: pageSchema } },
      handle: async ({ principal, params: { page_id } }) => {
        const { page } = await api.disconnect({ accountId: principal.accountId, ref: page_id });
        return { status: 200, body: presentPage(page) };
      },
    }),
  ];
}

const importedSchema = z
  .object({ added: z.int(), already: z.int(), withdrawn: z.int() })
  .meta({ id: 'ImportedSuppressions', example: { added: 2, already: 0, withdrawn: 1 } });

function suppressionsRoute(api: PagesApi): Route {
  return privateRoute({
    method: 'post',
    path: '/v1/pages/{page_id}/suppressions',
    tag,
    scope: 'leads:write',
    summary: 'Brings opt-outs along from elsewhere',
    description: 'Only a keyed hash of each id is kept. Opt-ins can never be imported',
    params,
    body: z.strictObject({ psids: z.array(psid).min(1).max(10_000) }).meta({ id: 'ImportSuppressions' }),
    bodyExample: { psids: ['6230000000000001', '6230000000000002'] },
    problems: [404],
    replies: { 200: { description: 'What changed', schema: importedSchema } },
    replay: (_call, remembered) => recall(importedSchema, remembered),
    handle: async ({ principal, params: { page_id }, body }) => {
      const { added, already, withdrawn } = await api.importSuppressions({
        accountId: principal.accountId,
        ref: page_id,
        psids: body.psids,
      });
      return remembering({ added, already, withdrawn });
    },
  });
}
