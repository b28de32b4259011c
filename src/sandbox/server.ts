import http from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createSandboxParts } from './sandbox';
import type { Sandbox, SandboxOptions } from './sandbox.types';

export interface SandboxServer {
  readonly sandbox: Sandbox;
  readonly port: number;
  /** `http://127.0.0.1:<port>/sandbox` */
  readonly url: string;
  readonly graphUrl: string;
  close(): Promise<void>;
}

const MOUNT = '/sandbox';
const GRAPH = `${MOUNT}/graph`;

/** The sandbox on a server of its own, on loopback. Graph calls go past Express: sends are counted in microseconds. */
export async function startSandboxServer(
  options: SandboxOptions & { readonly port?: number; readonly host?: string },
): Promise<SandboxServer> {
  const { sandbox, graph } = createSandboxParts(options);
  const app = express().disable('x-powered-by').use(MOUNT, sandbox.router);
  const server = http.createServer((req, res) => {
    const url = req.url ?? '/';
    if (url.startsWith(GRAPH)) graph(req, res, url.slice(GRAPH.length));
    else void app(req, res);
  });
  server.keepAliveTimeout = 60_000;
  const host = options.host ?? '127.0.0.1';
  await sandbox.start();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://${host}:${port}${MOUNT}`;
  return { sandbox, port, url, graphUrl: `${url}/graph`, close: () => closeAll(server, sandbox) };
}

async function closeAll(server: http.Server, sandbox: Sandbox): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
  await sandbox.close();
}
