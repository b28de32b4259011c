import { DATA_MAP, fieldsOf } from './data-map.rules';
import type { Store } from './data-map.types';

/** Kinds of stores to which a running program adds what it names itself. */
export type PlaceKind = Extract<Store['kind'], 'file' | 'queue' | 'metric'>;

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';

/** Files of PostgreSQL's own; nothing of ours lies among them. */
const POSTGRES =
  '(?:(?:base|global|pg_[a-z_]+)/.+|PG_VERSION|current_logfiles|(?:postgresql|postgresql[.]auto|pg_hba|pg_ident)[.]conf|postmaster[.](?:pid|opts))';

const keysIn = (folder: string): readonly (readonly [string, string])[] => [
  [`${folder}.keys`, `${folder}/(?:system|page-${UUID})[.]bin(?:[.]next)?`],
  [`${folder}.checkpoint`, `${folder}/checkpoint[.]note(?:[.]${UUID}[.]next)?`],
  [`${folder}.log.leaves`, `${folder}/log[.]leaves`],
  [`${folder}.lead-keys`, `${folder}/lead-keys/${UUID}/\\d+[.]\\d+[.]keys(?:[.]${UUID}[.]next)?`],
  [`${folder}.accounts.erased`, `${folder}/accounts[.]erased`],
  [`${folder}.ended`, `${folder}/ended/\\d+[.]macs(?:[.]${UUID}[.]next)?`],
];

/** How files are named below the folder that a variable names, by the field of the map that classes them; what is about to take the place of one is one too. */
const FILES: readonly (readonly [string, string])[] = [
  ...keysIn('KEYRING_DIR'),
  ...keysIn('KEYRING_COPY_DIR'),
  ['KEYRING_DIR.openings.owned', `KEYRING_DIR/openings[.]owned(?:[.]${UUID}[.]next)?`],
  ['KEYRING_DIR/recipient-calls.call', `KEYRING_DIR/recipient-calls/${UUID}[.]call(?:[.]${UUID}[.]next)?`],
  ['DATA_DIR.secrets', 'DATA_DIR/(?:secrets[.]json(?:[.]\\d+)?|postgres[.]new-[^/]+/password)'],
  ['DATA_DIR.runtime', 'DATA_DIR/(?:postgres[.]json(?:[.]tmp)?|postgres-location)'],
  ['DATA_DIR.lock', 'DATA_DIR/postgres-start[.](?:\\d+[.]lock|[0-9a-f]+[.]tmp)'],
  ['DATA_DIR.postgres', `DATA_DIR/(?:postgres[.]log|(?:postgres|postgres[.]new-[^/]+/cluster)/${POSTGRES})`],
  ['DATA_DIR.sandbox', 'DATA_DIR/sandbox[.]bin(?:[.]new)?'],
  ['DATA_DIR/exports.archive', `DATA_DIR/exports/${UUID}(?:-\\d{1,9}[.]age|[.]upload)`],
  ['TMPDIR.heartbeat', 'TMPDIR/assent-worker-heartbeat'],
  ['TMPDIR.control', `TMPDIR/assent-footprint-[^/]+(?:/${UUID})?`],
];

const QUEUES = 'bull:(?:inbox|send|control)';
const JOB = `${QUEUES}:(?:drain-inbox|freeze-audience|make-backup|send-chunk|send-replies)_[\\w-]+`;

const KEYS: readonly (readonly [string, string])[] = [
  ['Redis.jobs', JOB],
  ['Redis.locks', `${JOB}:lock`],
  ['Redis.lists', `${QUEUES}:(?:wait|active|paused|prioritized|delayed|completed|failed|stalled|waiting-children)`],
  ['Redis.events', `${QUEUES}:events`],
  ['Redis.settings', `${QUEUES}:(?:meta|id|pc|marker|stalled-check|limiter)`],
  ['Redis.control', `assent:footprint:${UUID}`],
];

const exact = (pattern: string): RegExp => new RegExp(`^${pattern}$`);
const NAMES: Readonly<Record<'file' | 'queue', readonly (readonly [string, RegExp])[]>> = {
  file: FILES.map(([field, pattern]) => [field, exact(pattern)]),
  queue: KEYS.map(([field, pattern]) => [field, exact(pattern)]),
};

/** What a histogram adds to its own name and labels. */
const SUFFIX = /_(?:bucket|sum|count)$/;
const OF_HISTOGRAMS = 'le';

const METRICS = DATA_MAP.filter(({ kind }) => kind === 'metric').flatMap((store) =>
  fieldsOf(store).map((field) => {
    const [, name = '', labels = ''] = /^([^{]+)(?:\{(.*)\})?$/.exec(field) ?? [];
    return {
      field: `${store.name}.${field}`,
      name: exact(name.replace('*', '.+')),
      labels: new Set(labels.split(',')),
    };
  }),
);

/** @param sample as `/metrics` writes it, without the number */
function metricsOf(sample: string): string[] {
  const [, name = '', list = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(sample) ?? [];
  const labels = [...list.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)].map(([, label = '']) => label);
  const own = labels.filter((label) => label !== OF_HISTOGRAMS);
  return METRICS.filter((metric) => metric.name.test(name) || metric.name.test(name.replace(SUFFIX, '')))
    .filter((metric) => own.every((label) => metric.labels.has(label)))
    .map(({ field }) => field);
}

/**
 * The fields of the map that class what a running program made: exactly one, when the map is whole.
 *
 * @param name of a file, from the variable of its folder on (`DATA_DIR/exports/…`); a key of Redis; or a metric with its labels
 */
export function classesOf(kind: PlaceKind, name: string): string[] {
  if (kind === 'metric') return metricsOf(name);
  return NAMES[kind].flatMap(([field, pattern]) => (pattern.test(name) ? [field] : []));
}

/** Fields for whose places there is a name. */
export const namedFields = (kind: 'file' | 'queue'): string[] => NAMES[kind].map(([field]) => field);
