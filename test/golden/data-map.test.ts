import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { classesOf, DATA_MAP, fieldsOf, type Store } from '../../src/domain/policies';
import { jobSchemas } from '../../src/jobs';
import { LOG_FIELDS } from '../../src/platform/logging/log-fields';
import { openMetrics } from '../../src/platform/metrics/metrics';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { samplesOf } from '../support/metrics';
import { ROOT } from '../support/program';

const ofKind = (kind: Store['kind']): readonly Store[] => DATA_MAP.filter((store) => store.kind === kind);
const named = (stores: readonly Store[]): string[] =>
  stores.flatMap((store) => fieldsOf(store).map((field) => `${store.name}.${field}`)).sort();

describe('the data map', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('classes every column of every table, and none that is not there', async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query<{ name: string }>(
      `select c.table_name || '.' || c.column_name as name from information_schema.columns c
         join information_schema.tables t using (table_schema, table_name)
        where c.table_schema = 'public' and t.table_type = 'BASE TABLE'`,
    );
    await client.end();
    expect(named(ofKind('table'))).toEqual(rows.map(({ name }) => name).sort());
  });

  it('classes every field of every job, and none that is not there', () => {
    const fields = Object.entries(jobSchemas).flatMap(([job, schema]) =>
      Object.keys(schema.shape).map((field) => `${job}.${field}`),
    );
    expect(named(ofKind('job'))).toEqual(fields.sort());
  });

  it('classes every field of a log line', () => {
    expect(ofKind('log').flatMap(fieldsOf).sort()).toEqual([...LOG_FIELDS].sort());
  });

  it('classes every metric with its labels, and none that is not there', async () => {
    const metrics = openMetrics();
    metrics.webhookBodies('stored');
    metrics.inboundEvents('message', 1);
    metrics.sends('accepted');
    metrics.ledgerBatch(1, 1, 1);
    metrics.jobDuration('drain-inbox', 1);
    metrics.httpRequest('/x', 'GET', 200, 1);
    const samples = samplesOf((await metrics.render()).body);
    expect(samples.filter((sample) => classesOf('metric', sample).length !== 1)).toEqual([]);
    const seen = new Set(samples.flatMap((sample) => classesOf('metric', sample)));
    expect(named(ofKind('metric')).filter((field) => !seen.has(field))).toEqual([]);
  });

  it('names each store once, and says why, in which form and how long', () => {
    const names = DATA_MAP.map(({ kind, name }) => `${kind} ${name}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { holds, retention, groups } of DATA_MAP)
      for (const text of [holds, retention, ...groups.map(({ purpose }) => purpose)])
        expect(text).toMatch(/^[A-Z\d].{4,}/);
  });

  it('keeps nothing in clear that names a person, reaches somebody, or that they wrote', () => {
    const clear = DATA_MAP.flatMap(({ name, groups }) =>
      groups
        .filter(({ class: kind, form }) => (kind === 'identifier' || kind === 'contact') && form === 'plain')
        .map(({ fields }) => `${name}: ${fields}`),
    );
    expect(clear).toEqual([]);
  });

  it('has a sealed or hashed form for every column whose name says so', () => {
    const wrong = ofKind('table').flatMap(({ name, groups }) =>
      groups.flatMap(({ fields, form }) =>
        fields
          .split(' ')
          .filter(
            (field) =>
              (field.endsWith('_ct') && !form.startsWith('ciphertext')) ||
              (field.endsWith('_wrapped') && !form.startsWith('key')) ||
              (/_(mac|index|sha256)$/.test(field) && field !== 'leaf_index' && form === 'plain'),
          )
          .map((field) => `${name}.${field}`),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it('is what docs/data-map.md says', () => {
    const file = path.join(ROOT, 'docs/data-map.md');
    const text = document(DATA_MAP);
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, text);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });
});

const cell = (text: string): string => text.replaceAll('|', '\\|');

function document(stores: readonly Store[]): string {
  const lines = [
    '# What is kept',
    '',
    'Made from `src/domain/policies`, which the tests hold against the database, the jobs, the log, and the files, keys of Redis and metrics of a running program. `/privacy` shows the same to everybody, `/v1/privacy/data-map` to programs.',
  ];
  for (const { name, kind, holds, retention, groups } of stores) {
    lines.push('', `## \`${name}\` (${kind})`, '', `${holds} **How long:** ${retention}`, '');
    lines.push('| Fields | About | Class | Form | What for |', '|---|---|---|---|---|');
    for (const group of groups) {
      const fields = group.fields.split(' ').map((field) => `\`${field}\``);
      lines.push(`| ${fields.join(', ')} | ${group.about} | ${group.class} | ${group.form} | ${cell(group.purpose)} |`);
    }
  }
  return `${lines.join('\n')}\n`;
}
