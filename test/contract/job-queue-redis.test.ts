import { connectRedis } from '../../src/platform/redis/connection';
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis';
import { jobQueueContract } from './job-queue.contract';

describeWithRedis('job queue on Redis', () => {
  let redis: TestRedis;

  beforeAll(async () => {
    redis = await startRedis();
  });

  afterAll(() => redis.stop());

  jobQueueContract(() => ({ kind: 'redis', connect: () => connectRedis(redis.url) }));
});
