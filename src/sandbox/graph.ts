import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GraphAnswer, GraphCall } from './endpoint.types';
import type { Faults } from './faults';
import { objectMissing, proofInvalid, tokenInvalid, tokenMissing } from './graph-errors';
import { parameter, parseBody, readText } from './request-body';
import type { GraphPage, Json } from './sandbox.types';
import { html500, refusal, type SendEndpoint } from './send-endpoint';
import { textOf } from './wire-json';
import type { World } from './world';

export type GraphRoutes = (call: GraphCall) => GraphAnswer;

export interface GraphOptions {
  readonly world: World;
  readonly faults: Faults;
  readonly sends: SendEndpoint;
  readonly routes: GraphRoutes;
  readonly debugToken: (params: Json) => GraphAnswer;
  readonly appSecret: string;
  readonly latencyMs: number;
}

interface Target {
  readonly node: string;
  readonly edge: string;
  readonly query: string;
}

const JSON_TYPE = 'application/json; charset=UTF-8';

/** The Graph API as one plain request handler: the send path must cost microseconds, so no framework stands before it. */
export function createGraph(options: GraphOptions): (req: IncomingMessage, res: ServerResponse, url: string) => void {
  const { world } = options;
  return (req, res, url) => {
    const arrivedMs = world.clock.monotonicMs();
    const target = splitUrl(url);
    readText(req, (text) => {
      const answer = text === undefined ? html500 : respond(options, req, { target, text, arrivedMs });
      const delayMs = options.latencyMs + (answer.delayMs ?? 0);
      if (delayMs > 0) setTimeout(() => write(res, answer), delayMs);
      else write(res, answer);
    });
  };
}

/** `/v25.0/{node}/{edge}?…`, the version optional. */
function splitUrl(url: string): Target {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const parts = path.split('/');
  const first = /^v\d+\.\d+$/.test(parts[1] ?? '') ? 2 : 1;
  return {
    node: parts[first] ?? '',
    edge: parts.slice(first + 1).join('/'),
    query: mark < 0 ? '' : url.slice(mark + 1),
  };
}

function respond(
  options: GraphOptions,
  req: IncomingMessage,
  read: { target: Target; text: string; arrivedMs: number },
): GraphAnswer {
  const { target, text } = read;
  const method = req.method ?? 'GET';
  const contentType = req.headers['content-type'];
  const body = parseBody(text, contentType);
  const params = joinParams(target.query, body);
  const page = authorise(options, { target, params, token: bearer(req) ?? textOf(params['access_token']) });
  if ('status' in page) return page;
  if (target.edge === 'messages' && method === 'POST') {
    if (target.node !== 'me' && target.node !== page.id) return refusal(objectMissing(method));
    const bodyText = contentType?.startsWith('application/json') === true ? text : JSON.stringify(body);
    return options.sends.answer({ page, body, bodyText, arrivedMonotonicMs: read.arrivedMs });
  }
  const call = { method, page, node: target.node, edge: target.edge, params };
  return options.faults.active ? disturbed(options, call) : options.routes(call);
}

/** The Page the token stands for, or the answer that ends the call here. */
function authorise(
  options: GraphOptions,
  { target, params, token }: { target: Target; params: Json; token: string | undefined },
): GraphPage | GraphAnswer {
  if (token === undefined) return refusal(tokenMissing);
  if (target.node === 'debug_token') return options.debugToken({ ...params, access_token: token });
  const page = options.world.pageOfToken(token);
  if (page === undefined) return refusal(tokenInvalid);
  const proven = params['appsecret_proof'] === undefined || proofHolds(options, page, params);
  return proven ? page : refusal(proofInvalid);
}

/** Fault rules also reach the other calls: `endpoint` names the edge, or `object` for a plain node. */
function disturbed({ faults, routes }: GraphOptions, call: GraphCall): GraphAnswer {
  const effects = faults.effectsOf({ endpoint: call.edge === '' ? 'object' : call.edge, pageId: call.page.id });
  const lost: GraphAnswer = { status: 0, body: '', destroy: true, delayMs: effects.slowMs };
  if (effects.loseRequest) return lost;
  if (effects.answer === 'http_500') return html500;
  const answer = effects.answer === undefined ? routes(call) : refusal(effects.answer);
  if (effects.loseAnswer) return lost;
  return { ...(effects.http500AfterProcessing ? html500 : answer), delayMs: effects.slowMs };
}

function joinParams(query: string, body: Json | undefined): Json {
  return query === '' ? (body ?? {}) : { ...queryOf(query), ...body };
}

function queryOf(query: string): Json {
  const params: Json = {};
  for (const [key, value] of new URLSearchParams(query)) params[key] = parameter(value);
  return params;
}

function bearer(req: IncomingMessage): string | undefined {
  const header = req.headers.authorization;
  return header !== undefined && /^bearer /i.test(header) ? header.slice(7).trim() : undefined;
}

/** Both forms in use: over the token, or over token and time for five minutes. Source: Graph API, securing requests. */
function proofHolds(options: GraphOptions, page: GraphPage, params: Json): boolean {
  const given = textOf(params['appsecret_proof']) ?? '';
  const timeText = params['appsecret_time'];
  if (timeText === undefined) return sameText(given, page.proof);
  const seconds = Number(timeText);
  if (Math.abs(options.world.nowMs() / 1000 - seconds) > 300) return false;
  const timed = createHmac('sha256', options.appSecret).update(`${page.token}|${seconds}`).digest('hex');
  return sameText(given, timed);
}

function sameText(given: string, expected: string): boolean {
  return given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected));
}

function write(res: ServerResponse, answer: GraphAnswer): void {
  if (answer.destroy === true) {
    res.destroy();
    return;
  }
  const length = Buffer.byteLength(answer.body);
  const headers = answer.headers;
  res.writeHead(
    answer.status,
    headers === undefined
      ? { 'content-type': JSON_TYPE, 'content-length': length }
      : { 'content-type': JSON_TYPE, ...headers, 'content-length': length },
  );
  res.end(answer.body);
}
