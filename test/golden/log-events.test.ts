import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { faultFields, problemFor } from '../../src/http/error-map';
import { LOG_FIELDS } from '../../src/platform/logging/log-fields';
import { DatabaseError } from '../../src/platform/postgres/database-error';
import { ROOT } from '../support/program';

const DOCUMENT = 'docs/log-events.md';
const LEVELS: Readonly<Record<string, string>> = { event: 'info', warn: 'warn', error: 'error' };

/** Fields that a call takes over from elsewhere, by the text that stands in the call; tested below. */
const FAULT_FIELDS = ['code', 'sql_state'];
const FIELDS_FROM_ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  'faultFields(error)': FAULT_FIELDS,
  fields: FAULT_FIELDS,
};

interface LogCall {
  readonly at: string;
  /** null when the call does not name its event in a literal. */
  readonly name: string | null;
  /** Several when the call chooses among them. */
  readonly levels: readonly string[];
  /** null when it cannot be said which fields there are. */
  readonly fields: readonly string[] | null;
}

function sources(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(folder, file));
}

/** A call on something named `log`: `log.warn(…)`, `deps.log.event(…)`, or `log[severity](…)`, which is never an event. */
function levelsOf({ expression: callee }: ts.CallExpression): readonly string[] {
  if (!ts.isPropertyAccessExpression(callee) && !ts.isElementAccessExpression(callee)) return [];
  const { expression: owner } = callee;
  const ownerName = ts.isPropertyAccessExpression(owner) ? owner.name.text : ts.isIdentifier(owner) ? owner.text : '';
  if (ownerName !== 'log') return [];
  if (ts.isElementAccessExpression(callee)) return ['error', 'warn'];
  const level = LEVELS[callee.name.text];
  return level === undefined ? [] : [level];
}

function fieldsOf(argument: ts.Expression | undefined): readonly string[] | null {
  if (argument === undefined) return [];
  if (ts.isParenthesizedExpression(argument)) return fieldsOf(argument.expression);
  if (ts.isConditionalExpression(argument)) return union([fieldsOf(argument.whenTrue), fieldsOf(argument.whenFalse)]);
  if (!ts.isObjectLiteralExpression(argument)) return FIELDS_FROM_ELSEWHERE[argument.getText()] ?? null;
  return union(
    argument.properties.map((property) => {
      if (ts.isSpreadAssignment(property)) return fieldsOf(property.expression);
      return ts.isIdentifier(property.name) ? [property.name.text] : null;
    }),
  );
}

const union = (parts: readonly (readonly string[] | null)[]): readonly string[] | null =>
  parts.every((part) => part !== null) ? [...new Set(parts.flat())] : null;

function logCalls(file: string): LogCall[] {
  const source = ts.createSourceFile(file, readFileSync(path.join(ROOT, file), 'utf8'), ts.ScriptTarget.Latest, true);
  const calls: LogCall[] = [];
  const visit = (node: ts.Node): void => {
    const levels = ts.isCallExpression(node) ? levelsOf(node) : [];
    if (ts.isCallExpression(node) && levels.length > 0) {
      const [name, fields] = node.arguments;
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      calls.push({
        at: `${file}:${String(line + 1)}`,
        name: name !== undefined && ts.isStringLiteralLike(name) ? name.text : null,
        levels,
        fields: fieldsOf(fields),
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return calls;
}

const calls = [...sources('src'), ...sources('workers')].flatMap(logCalls);

interface Event {
  readonly levels: Set<string>;
  readonly fields: Set<string>;
}

const line = (name: string, { levels, fields }: Event): string =>
  `${name} | ${[...levels].sort().join(', ')} | ${[...fields].sort().join(', ')}`;

/** One line an event, with the levels and fields of all its calls. */
function usedEvents(): string[] {
  const events = new Map<string, Event>();
  for (const { name, levels, fields } of calls) {
    const event = events.get(name ?? '') ?? { levels: new Set(), fields: new Set() };
    for (const level of levels) event.levels.add(level);
    for (const field of fields ?? []) event.fields.add(field);
    events.set(name ?? '', event);
  }
  return [...events].map(([name, event]) => line(name, event)).sort();
}

function documentedEvents(): string[] {
  return readFileSync(path.join(ROOT, DOCUMENT), 'utf8')
    .split('\n')
    .map((text) => /^\| `([a-z_.]+)` \| ([a-z, ]+) \| .+ \| (.*?) ?\|$/.exec(text))
    .filter((row) => row !== null)
    .map(([, name = '', levels = '', fields = '']) =>
      line(name, {
        levels: new Set(levels.split(', ')),
        fields: new Set([...fields.matchAll(/`(\w+)`/g)].map(([, field]) => field ?? '')),
      }),
    )
    .sort();
}

describe('log events', () => {
  it('are found in the code at all', () => {
    expect(calls.length).toBeGreaterThanOrEqual(15);
  });

  it('are named in the call, with their fields', () => {
    expect(calls.filter(({ name, fields }) => name === null || fields === null).map(({ at }) => at)).toEqual([]);
  });

  it('take over from elsewhere what is said here', () => {
    expect(Object.keys(faultFields(new DatabaseError('23505', null))).sort()).toEqual(FAULT_FIELDS);
    expect(Object.keys(faultFields(new Error('any')))).toEqual(['code']);
    expect(Object.keys(problemFor(new DatabaseError('23505', null), 'id').fields).sort()).toEqual(FAULT_FIELDS);
  });

  it('have dotted names', () => {
    expect(calls.filter(({ name }) => !/^[a-z]+(\.[a-z_]+)+$/.test(name ?? '')).map(({ at }) => at)).toEqual([]);
  });

  it(`stand in ${DOCUMENT} with level and fields, and nothing else stands there`, () => {
    expect(documentedEvents()).toEqual(usedEvents());
  });

  it('use only fields that the writer lets through', () => {
    const dropped = calls.flatMap(({ at, fields }) =>
      (fields ?? []).filter((field) => !LOG_FIELDS.has(field)).map((field) => `${at} ${field}`),
    );
    expect(dropped).toEqual([]);
  });
});
