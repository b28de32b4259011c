import { classesOf, DATA_MAP, fieldsOf, namedFields, type PlaceKind } from '../../../../src/domain/policies';

const UUID = '5c8a8f4e-64b0-4b7a-9c54-0d2b1b0e7a11';

const KNOWN: readonly (readonly [PlaceKind, string, string])[] = [
  ['file', 'KEYRING_DIR/system.bin', 'KEYRING_DIR.keys'],
  ['file', `KEYRING_COPY_DIR/page-${UUID}.bin.next`, 'KEYRING_COPY_DIR.keys'],
  ['file', `KEYRING_DIR/lead-keys/${UUID}/17.2.keys`, 'KEYRING_DIR.lead-keys'],
  ['file', 'DATA_DIR/postgres/pg_wal/000000010000000000000001', 'DATA_DIR.postgres'],
  ['file', 'DATA_DIR/postgres.log', 'DATA_DIR.postgres'],
  ['file', `DATA_DIR/exports/${UUID}-0.age`, 'DATA_DIR/exports.archive'],
  ['file', 'TMPDIR/assent-worker-heartbeat', 'TMPDIR.heartbeat'],
  ['queue', `bull:send:send-chunk_${UUID}_${UUID}_0_1_7`, 'Redis.jobs'],
  ['queue', `bull:inbox:drain-inbox_${UUID}:lock`, 'Redis.locks'],
  ['queue', 'bull:control:events', 'Redis.events'],
  ['metric', 'assent_ledger_size', 'metrics.assent_ledger_size'],
  ['metric', 'assent_sends_total{outcome="accepted"}', 'metrics.assent_sends_total{outcome}'],
  ['metric', 'assent_job_seconds_bucket{le="0.1",job="drain-inbox"}', 'metrics.assent_job_seconds{job}'],
  ['metric', 'process_cpu_seconds_total', 'metrics.process_*'],
];

it.each(KNOWN)('classes the %s %s once', (kind, name, field) => {
  expect(classesOf(kind, name)).toEqual([field]);
});

/** What a change might leave behind without a word in the map. */
const UNKNOWN: readonly (readonly [PlaceKind, string])[] = [
  ['file', 'DATA_DIR/people.csv'],
  ['file', 'DATA_DIR/exports/people.csv'],
  ['file', 'DATA_DIR/postgres/people.csv'],
  ['file', 'KEYRING_DIR/system.bin.old'],
  ['file', 'KEYRING_DIR/keys/system.bin'],
  ['file', `KEYRING_DIR/${UUID}.bin`],
  ['file', `TMPDIR/upload-${UUID}`],
  ['file', `elsewhere/page-${UUID}.bin`],
  ['queue', 'assent:people:by-name'],
  ['queue', 'bull:send:people'],
  ['queue', 'bull:mail:wait'],
  ['queue', `bull:send:make-coffee_${UUID}`],
  ['metric', 'assent_people_total'],
  ['metric', 'assent_sends_total{outcome="accepted",person="x"}'],
  ['metric', 'assent_sends_total{outcome="a\\"b",page="x"}'],
  ['metric', 'nodejs_version_info{hostname="x"}'],
];

it.each(UNKNOWN)('knows no %s %s', (kind, name) => {
  expect(classesOf(kind, name)).toEqual([]);
});

it.each(['file', 'queue'] as const)('knows how what each field of a %s classes is named, and nothing else', (kind) => {
  const fields = DATA_MAP.filter((store) => store.kind === kind).flatMap((store) =>
    fieldsOf(store).map((field) => `${store.name}.${field}`),
  );
  expect([...namedFields(kind)].sort()).toEqual(fields.sort());
});
