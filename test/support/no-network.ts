import net from 'node:net';

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/;

type Connect = (this: net.Socket, ...parameters: unknown[]) => net.Socket;
const prototype = net.Socket.prototype as unknown as { connect: Connect };
const { connect } = prototype;

/** A test that reaches outside this machine is wrong: it would pass or fail with somebody else's server. */
prototype.connect = function guarded(...parameters) {
  const [first] = parameters;
  const target: unknown = Array.isArray(first) ? first[0] : first;
  const host = typeof target === 'object' && target !== null ? (target as { host?: string }).host : undefined;
  if (host !== undefined && !LOOPBACK.test(host)) throw new Error(`a test tried to connect to ${host}`);
  return connect.apply(this, parameters);
};
