import { Redis } from 'ioredis';

export type RedisConnection = Redis;

/**
 * A connection for the queue. Commands wait for a reconnect instead of failing (`maxRetriesPerRequest: null`), because
 * a blocking read of a worker outlives any retry budget (BullMQ, "Connections").
 */
export function connectRedis(url: string): RedisConnection {
  return new Redis(url, { maxRetriesPerRequest: null, enableReadyCheck: true, lazyConnect: true });
}
