import net from 'node:net';

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/;
const connect = net.Socket.prototype.connect;

/** A test that reaches outside this machine is wrong: it would pass or fail with somebody else's server. */
net.Socket.prototype.connect = function guarded(this: net.Socket, ...args: unknown[]): net.Socket {
  const target = Array.isArray(args[0]) ? (args[0] as unknown[])[0] : args[0];
  const host = typeof target === 'object' && target !== null ? (target as { host?: string }).host : undefined;
  if (host !== undefined && !LOOPBACK.test(host)) throw new Error(`a test tried to connect to ${host}`);
  return Reflect.apply(connect, this, args) as net.Socket;
} as typeof connect;
