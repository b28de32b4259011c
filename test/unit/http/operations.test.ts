import express from 'express';
import request from 'supertest';
import { operationsRoutes, type ReadinessCheck } from '../../../src/http/operations.routes';

const app = (readiness: readonly ReadinessCheck[]) =>
  express().use(
    operationsRoutes({
      version: '1.2.3',
      readiness,
      renderMetrics: () => Promise.resolve({ contentType: 'text/plain', body: 'one 1\n' }),
      document: { openapi: '3.1.0' },
      docsPage: '<p>docs</p>',
    }),
  );
const works: ReadinessCheck = { name: 'database', check: () => Promise.resolve() };

describe('the operations addresses', () => {
  it('say that the process lives, whatever else does not', async () => {
    const answer = await request(app([{ name: 'keys', check: () => Promise.reject(new Error('x')) }])).get('/healthz');
    expect([answer.status, answer.body]).toEqual([200, { status: 'ok', version: '1.2.3' }]);
  });

  it('lead from the root to the document for people', async () => {
    const answer = await request(app([works])).get('/');
    expect([answer.status, answer.headers['location']]).toEqual([302, 'docs']);
    expect((await request(app([works])).post('/')).status).not.toBe(302);
  });

  it('are ready when every check passes', async () => {
    const answer = await request(app([works])).get('/readyz');
    expect([answer.status, answer.body]).toEqual([200, { status: 'ready', checks: { database: 'ok' } }]);
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('a secret'))],
    [
      'throws',
      () => {
        throw new Error('a secret');
      },
    ],
  ])('are not ready when one %s, and say which without why', async (_how, check) => {
    const answer = await request(app([works, { name: 'queue', check }])).get('/readyz');
    expect([answer.status, answer.body]).toEqual([
      503,
      { status: 'not_ready', checks: { database: 'ok', queue: 'failed' } },
    ]);
    expect(answer.text).not.toContain('a secret');
  });

  it('show metrics, document and reference', async () => {
    expect((await request(app([])).get('/metrics')).text).toBe('one 1\n');
    expect((await request(app([])).get('/v1/openapi.json')).body).toEqual({ openapi: '3.1.0' });
    expect((await request(app([])).get('/docs')).headers['content-type']).toContain('text/html');
  });
});
