import { createTestDatabase, type TestDatabase } from '../support/database';
import { jobQueueContract } from './job-queue.contract';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

describe('job queue on PostgreSQL', () => {
  jobQueueContract(() => ({ kind: 'postgres', url: database.url }));
});
