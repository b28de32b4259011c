import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OperationalError, UserError } from '../kernel/errors';
import { randomIds } from '../kernel/ids';
import { problemFor } from './error-map';
import { HttpError } from './http.errors';
import { limitBody } from './slow-body';

/** How long open requests may take to end once we stop; then they are cut. */
const DRAIN_MS = 3_000;
/** So long an upload may take. Everything else has to arrive sooner. */
const UPLOAD_MS = 6 * 3_600_000;

export interface BoundServer {
  /** `http://host:port`, with the port that was really taken. */
  readonly url: string;
  /** Until then every request is answered 503: the address is known before the program behind it is ready. */
  serve(listener: RequestListener): void;
  close(): Promise<void>;
}

/**
 * Takes the port first, so that a port in use is said before anything else is started.
 *
 * @throws {UserError} `port_in_use`, `address_unavailable`
 */
export async function bindServer(host: string, port: number): Promise<BoundServer> {
  let listener: RequestListener = answerStarting;
  const server = createServer((req, res) => {
    limitBody(req);
    listener(req, res);
  });
  server.keepAliveTimeout = 65_000;
  server.headersTimeout = 20_000;
  server.requestTimeout = UPLOAD_MS;
  await listen(server, host, port);
  const { port: taken } = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${name}:${String(taken)}`,
    serve: (next) => {
      listener = next;
    },
    close: () => drain(server),
  };
}

const answerStarting: RequestListener = (_req, res) => {
  const requestId = randomIds.uuid();
  const starting = new HttpError('starting', 'the program is starting; try again in a moment');
  const { problem } = problemFor(starting, requestId);
  res
    .writeHead(problem.status, {
      'Retry-After': '1',
      'X-Request-Id': requestId,
      'Content-Type': 'application/problem+json; charset=utf-8',
    })
    .end(JSON.stringify(problem));
};

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(listenError(error, host, port));
    });
    server.listen({ host, port, exclusive: false }, () => {
      resolve();
    });
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new UserError('port_in_use', `port ${String(port)} on ${host} is in use; set HTTP_PORT to another one`);
  if (error.code === 'EACCES')
    return new UserError(
      'port_in_use',
      `port ${String(port)} may not be taken by this user; set HTTP_PORT to one above 1023`,
    );
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return new UserError('address_unavailable', `this machine has no address ${host}; check HTTP_HOST`);
  return new OperationalError('listen_failed', `cannot listen on ${host} (${error.code ?? 'unknown'})`);
}

function drain(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      server.closeAllConnections();
    }, DRAIN_MS);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
