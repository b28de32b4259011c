import dns from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import type { PostOutcome, PostToRecipient } from '../../domain/recipients/recipients.types';
import { addressOfHost, isLoopbackAddress, isPublicAddress } from '../../kernel/public-address';

/** For all of it: finding the address, connecting, and the head of the answer. */
const TIMEOUT_MS = 10_000;
const REFUSED = 'ADDRESS_REFUSED';

export interface PostOptions {
  /** Also addresses of this machine, over plain http too. */
  readonly onLoopback: boolean;
  readonly timeoutMs?: number;
  readonly lookup?: LookupFunction;
}

/**
 * One POST on a connection of its own, without redirects. The address that a name leads to is checked in the moment of connecting, and
 * it is that address which is connected to: a name that leads elsewhere the second time it is asked for leads nowhere.
 */
export function postToRecipient({
  onLoopback,
  timeoutMs = TIMEOUT_MS,
  lookup = dns.lookup,
}: PostOptions): PostToRecipient {
  const isAllowed = (address: string): boolean =>
    isPublicAddress(address) || (onLoopback && isLoopbackAddress(address));
  const checked: LookupFunction = (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const addresses = typeof found === 'string' ? [] : found;
      const [first] = addresses;
      if (first === undefined || !addresses.every(({ address }) => isAllowed(address)))
        callback(Object.assign(new Error('not a public address'), { code: REFUSED }), []);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
  return async ({ endpoint, headers, body }) => {
    const url = new URL(endpoint);
    const address = addressOfHost(url);
    // A name is not looked up when it is an address already.
    if (address !== null && !isAllowed(address)) return failed('address_refused');
    if (url.protocol !== 'https:' && !onLoopback) return failed('address_refused');
    try {
      const request = (url.protocol === 'https:' ? https : http).request(url, {
        method: 'POST',
        headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
        agent: false,
        lookup: checked,
        signal: AbortSignal.timeout(timeoutMs),
      });
      return await answerTo(request, body);
    } catch {
      return failed('unreachable');
    }
  };
}

const failed = (code: string): PostOutcome => ({ kind: 'failed', code });

function answerTo(request: http.ClientRequest, body: string): Promise<PostOutcome> {
  return new Promise((resolve) => {
    request.on('response', (response) => {
      const status = response.statusCode ?? 0;
      // What it says besides is not read: it may be of any length.
      response.destroy();
      resolve(status >= 200 && status < 300 ? { kind: 'taken' } : failed(`status_${String(status)}`));
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      resolve(failed(wordOf(error)));
    });
    request.end(body);
  });
}

function wordOf({ code, name }: NodeJS.ErrnoException): string {
  if (code === REFUSED) return 'address_refused';
  return code === 'ABORT_ERR' || name === 'AbortError' || name === 'TimeoutError' ? 'timeout' : 'unreachable';
}
