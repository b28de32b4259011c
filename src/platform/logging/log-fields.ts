/**
 * Every field a log line may hold. A field that is not here is dropped, so that a personal value cannot slip in by a
 * new call: whoever adds a name here says that its values name nobody.
 */
export const LOG_FIELDS: ReadonlySet<string> = new Set([
  'account',
  'address',
  'attempt',
  'broadcast',
  'bytes',
  'class',
  'code',
  'constraint',
  'count',
  'duration_ms',
  'error',
  'failed',
  'generation',
  'job',
  'kind',
  'lane',
  'method',
  'page',
  'pending',
  'queue',
  'reason',
  'request_id',
  'route',
  'skipped',
  'sql_state',
  'state',
  'status',
  'store',
  'subcode',
  'version',
]);

const MAX_CHARACTERS = 200;

export function allowedFields(
  fields: Readonly<Record<string, unknown>>,
): Record<string, string | number | boolean | null> {
  const kept: Record<string, string | number | boolean | null> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (!LOG_FIELDS.has(name)) continue;
    if (typeof value === 'number' || typeof value === 'boolean' || value === null) kept[name] = value;
    if (typeof value === 'string') kept[name] = value.slice(0, MAX_CHARACTERS);
  }
  return kept;
}
