import { createHmac } from 'node:crypto';
import { Pool, type Dispatcher } from 'undici';
import { TOO_LATE, type SendCall, type Sender } from '../../domain/delivery/sender-port.types';
import { classifySend, type GraphReply } from './send-outcome';

export interface UndiciSenderOptions {
  /** Without version and without a slash at the end. */
  readonly baseUrl: string;
  /** Like `v25.0`. */
  readonly version: string;
  /** Signs every call (`appsecret_proof`); null leaves the calls unsigned. */
  readonly appSecret: string | null;
  readonly connections?: number;
  /** Longest wait for one answer, counted from the start of the POST. The sweeper's patience rests on it. */
  readonly timeoutMs?: number;
}

export interface UndiciSender extends Sender {
  /** Waits for the answers of calls in flight. */
  close(): Promise<void>;
}

/** At 150 ms an answer, 256 connections carry 1,700 messages a second. Each is made when it is first needed. */
const CONNECTIONS = 256;
export const SEND_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 1_048_576;

/** Thrown before the first byte, it takes the request back and leaves the connection whole. One for all: stacks cost time. */
const tooLate = Object.assign(new Error('the moment to send has passed'), { code: TOO_LATE });

/**
 * Sends over kept-alive connections, one request at a time on each, never repeated.
 *
 * undici calls the handler's start right before it writes: a request that never came so far has not left, whatever
 * happened, and may be sent again. From there on only an answer tells.
 */
export function createUndiciSender(options: UndiciSenderOptions): UndiciSender {
  const { baseUrl, version, appSecret, connections = CONNECTIONS, timeoutMs = SEND_TIMEOUT_MS } = options;
  const { origin, pathname } = new URL(baseUrl);
  const prefix = `${pathname.replace(/\/$/, '')}/${version}`;
  const pool = new Pool(origin, {
    connections,
    pipelining: 1,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: 0, // one timer of our own covers the whole answer
    bodyTimeout: 0,
    maxResponseSize: MAX_ANSWER_BYTES,
  });
  return {
    send: async (call) => {
      const request = {
        method: 'POST',
        path: `${prefix}/${call.metaPageId}/messages${appSecret === null ? '' : proofOf(appSecret, call.token)}`,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${call.token}` },
        body: call.bodyText,
      } as const;
      return classifySend(await dispatch(pool, request, call, timeoutMs));
    },
    close: () => pool.close(),
  };
}

function dispatch(
  pool: Pool,
  request: Dispatcher.DispatchOptions,
  { mayStart }: SendCall,
  timeoutMs: number,
): Promise<GraphReply> {
  return new Promise((resolve) => {
    let started = false;
    let status = 0;
    let timer: NodeJS.Timeout | undefined;
    const chunks: Buffer[] = [];
    const end = (reply: GraphReply): void => {
      clearTimeout(timer);
      resolve(reply);
    };
    const fail = (error: unknown): void => {
      const cause = codeOf(error);
      end(started ? { kind: 'lost', cause } : { kind: 'never-connected', cause });
    };
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: (controller) => {
        if (started || !mayStart()) throw tooLate;
        started = true;
        timer = setTimeout(() => {
          controller.abort(new Error('no answer in time'));
        }, timeoutMs);
      },
      onResponseStart: (_controller, statusCode) => {
        status = statusCode;
      },
      onResponseData: (_controller, chunk) => void chunks.push(chunk),
      onResponseEnd: () => {
        const bodyText = (chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)).toString(
          'utf8',
        );
        end({ kind: 'answered', status, bodyText });
      },
      onResponseError: (_controller, error) => {
        fail(error);
      },
    };
    try {
      pool.dispatch(request, handler);
    } catch (error) {
      fail(error);
    }
  });
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' ? code : 'UNKNOWN';
}

/** The form without a time, as the other Graph calls use it. */
const proofOf = (appSecret: string, token: string): string =>
  `?appsecret_proof=${createHmac('sha256', appSecret).update(token).digest('hex')}`;
