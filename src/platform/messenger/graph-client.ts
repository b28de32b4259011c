import { createHmac } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import axios, { type AxiosInstance } from 'axios';
import type {
  GraphAnswer,
  GraphRefusal,
  PageCall,
  PageGraph,
  PageIdentity,
  PageProfile,
} from '../../domain/pages/page-graph.types';

const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 1_048_576;
const MESSAGE_MAX_CHARACTERS = 300;
const IDLE_SOCKETS = 16;

export interface GraphClientOptions {
  /** Without version and without a slash at the end. */
  readonly baseUrl: string;
  /** Like `v25.0`. */
  readonly version: string;
  /** Signs every call (`appsecret_proof`); null leaves the calls unsigned. */
  readonly appSecret: string | null;
  /** Longest wait for one call, connecting included. */
  readonly timeoutMs?: number;
}

export interface GraphClient extends PageGraph {
  /** Closes idle connections; calls in flight end by themselves. */
  close(): void;
}

interface GraphRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Graph calls that are not sends, over axios with kept-alive connections.
 *
 * Nothing is thrown: an axios error carries the token and the body, so every failure becomes a plain value here.
 */
export function createGraphClient(options: GraphClientOptions): GraphClient {
  const agentOptions = { keepAlive: true, maxFreeSockets: IDLE_SOCKETS };
  const httpAgent = new http.Agent(agentOptions);
  const httpsAgent = new https.Agent(agentOptions);
  const client = axios.create({
    baseURL: `${options.baseUrl}/${options.version}`,
    httpAgent,
    httpsAgent,
    proxy: false, // a proxy named by the environment would read the tokens
    maxRedirects: 0,
    maxContentLength: MAX_ANSWER_BYTES,
    responseType: 'text',
    transformResponse: (text: unknown) => text,
    validateStatus: () => true,
  });
  const call = (token: string, request: GraphRequest) => send(client, options, token, request);

  return {
    identify: async ({ metaPageId, token }) => {
      const named = await call(token, { method: 'GET', path: metaPageId, query: { fields: 'id,name' } });
      if (!named.ok) return named;
      // A token of a person or of another Page may read this Page too; only `me` says whose the token is.
      const owner = await call(token, { method: 'GET', path: 'me', query: { fields: 'id' } });
      return owner.ok ? toIdentity(owner.value, named.value) : owner;
    },
    setProfile: async ({ token }, profile) =>
      confirmed(await call(token, { method: 'POST', path: 'me/messenger_profile', body: toProfileBody(profile) })),
    subscribe: async ({ metaPageId, token }, fields) =>
      confirmed(
        await call(token, {
          method: 'POST',
          path: `${metaPageId}/subscribed_apps`,
          query: { subscribed_fields: fields.join(',') },
        }),
      ),
    unsubscribe: async ({ metaPageId, token }: PageCall) =>
      confirmed(await call(token, { method: 'DELETE', path: `${metaPageId}/subscribed_apps` })),
    close: () => {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

async function send(
  client: AxiosInstance,
  { appSecret, timeoutMs = DEFAULT_TIMEOUT_MS }: GraphClientOptions,
  token: string,
  request: GraphRequest,
): Promise<GraphAnswer<Json>> {
  const proof = appSecret === null ? {} : { appsecret_proof: secretProof(appSecret, token) };
  try {
    const answer = await client.request<string>({
      method: request.method,
      url: request.path,
      params: { ...request.query, ...proof },
      headers: { authorization: `Bearer ${token}` },
      timeout: timeoutMs,
      signal: AbortSignal.timeout(timeoutMs), // axios counts idle time only: an answer in drops could last for ever
      ...(request.body === undefined ? {} : { data: request.body }),
    });
    return readAnswer(answer.status, answer.data, token);
  } catch (error) {
    return {
      ok: false,
      status: null,
      code: null,
      subcode: null,
      message: `Meta could not be reached (${codeOf(error)})`,
    };
  }
}

/** The form without a time. Source: Graph API, securing requests, and public SDKs, checked 2026-11-23. */
const secretProof = (appSecret: string, token: string): string =>
  createHmac('sha256', appSecret).update(token).digest('hex');

function codeOf(error: unknown): string {
  const code = axios.isAxiosError(error) ? error.code : undefined;
  return code !== undefined && /^[A-Z][A-Z0-9_]{1,39}$/.test(code) ? code : 'UNKNOWN';
}

/** The body decides before the status: Meta has been seen to put an error under 200. */
function readAnswer(status: number, text: string, token: string): GraphAnswer<Json> {
  const body = parseObject(text);
  const fault = body?.['error'];
  if (isObject(fault)) return toRefusal(status, fault, token);
  if (body !== null && status >= 200 && status < 300) return { ok: true, value: body };
  return { ok: false, status, code: null, subcode: null, message: `Meta answered ${status} without a reason` };
}

function toRefusal(status: number, fault: Json, token: string): GraphRefusal {
  return {
    ok: false,
    status,
    code: wholeNumber(fault['code']),
    subcode: wholeNumber(fault['error_subcode']),
    message: safeMessage(fault['message'], token),
  };
}

/** Meta's words without what must not be shown on: tokens, line breaks, and any length. */
function safeMessage(message: unknown, token: string): string {
  if (typeof message !== 'string' || message === '') return 'Meta gave no reason';
  return message
    .replaceAll(token, '[token]')
    .replace(/EAA[A-Za-z0-9]{8,}/g, '[token]')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .slice(0, MESSAGE_MAX_CHARACTERS)
    .replace(/\p{Cs}/gu, '');
}

function toIdentity(owner: Json, named: Json): GraphAnswer<PageIdentity> {
  const id = owner['id'];
  const name = named['name'];
  if (typeof id !== 'string') {
    return { ok: false, status: 200, code: null, subcode: null, message: 'Meta did not say whose token this is' };
  }
  return { ok: true, value: { id, name: typeof name === 'string' ? name : null } };
}

/** `{"success": true}`, `{"success": "true"}` and `{"result": "success"}` all mean yes. */
function confirmed(answer: GraphAnswer<Json>): GraphAnswer<null> {
  if (!answer.ok) return answer;
  const { success, result } = answer.value;
  if (success === true || success === 'true' || result === 'success') return { ok: true, value: null };
  return { ok: false, status: 200, code: null, subcode: null, message: 'Meta did not confirm the call' };
}

const toProfileBody = ({ greeting, getStartedPayload, menu }: PageProfile): unknown => ({
  greeting: [{ locale: 'default', text: greeting }],
  get_started: { payload: getStartedPayload },
  persistent_menu: [
    {
      locale: 'default',
      composer_input_disabled: false,
      call_to_actions: menu.map(({ title, payload }) => ({ type: 'postback', title, payload })),
    },
  ],
});

function parseObject(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null; // an error page of a machine in between
  }
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const wholeNumber = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
