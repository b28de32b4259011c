import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { FootprintStore, Piece } from '../../domain/footprint/footprint.types';
import type { RedisConnection } from './connection';

const CONTROL_SECONDS = 60;
const BATCH = 500;
const CONTROL_PREFIX = 'assent:footprint:';

/** Every key of the database of the connection, whatever its type, with its name. */
export const redisFootprint = (connect: () => RedisConnection): FootprintStore => ({
  name: 'redis',
  read: (control) => readRedis(connect(), control),
});

async function* readRedis(redis: Redis, control: Buffer): AsyncGenerator<Piece> {
  const key = `${CONTROL_PREFIX}${randomUUID()}`;
  try {
    await redis.set(key, control, 'EX', CONTROL_SECONDS);
    let cursor = '0';
    do {
      const [next, keys]: [Buffer, Buffer[]] = await redis.scanBuffer(cursor, 'COUNT', BATCH);
      for (const one of keys) yield* readKey(redis, one);
      cursor = next.toString();
    } while (cursor !== '0');
  } finally {
    await redis.del(key).catch(() => undefined);
    redis.disconnect();
  }
}

async function* readKey(redis: Redis, key: Buffer): AsyncGenerator<Piece> {
  const type = await redis.type(key);
  yield { place: 'names of keys', bytes: key, isNew: true };
  for (const bytes of await valuesOf(redis, key, type)) yield { place: type, bytes, isNew: true };
}

type Nested = Buffer | null | readonly Nested[];
const flat = (value: Nested): Buffer[] =>
  value === null ? [] : Buffer.isBuffer(value) ? [value] : value.flatMap((one) => flat(one));

/** @throws for a type that is not known: what is not looked at must not pass for clean */
async function valuesOf(redis: Redis, key: Buffer, type: string): Promise<Buffer[]> {
  switch (type) {
    case 'string':
      return flat(await redis.getBuffer(key));
    case 'list':
      return flat(await redis.lrangeBuffer(key, 0, -1));
    case 'set':
      return flat(await redis.smembersBuffer(key));
    case 'zset':
      return flat(await redis.zrangeBuffer(key, 0, -1));
    case 'hash':
      return Object.entries(await redis.hgetallBuffer(key)).flatMap(([field, value]) => [Buffer.from(field), value]);
    case 'stream':
      return flat(await redis.xrangeBuffer(key, '-', '+'));
    case 'none':
      return [];
    default:
      throw new TypeError('a key of a type that is not known');
  }
}
