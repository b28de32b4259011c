import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { LOG_FIELDS } from '../../src/platform/logging/log-fields';
import { ROOT } from '../support/program';

const DOCUMENT = 'docs/log-events.md';
const LEVELS: Readonly<Record<string, string>> = { event: 'info', warn: 'warn', error: 'error' };

interface LogCall {
  readonly at: string;
  /** null when the call does not name its event in a literal. */
  readonly name: string | null;
  readonly level: string;
  /** null when the fields are not written out in the call. */
  readonly fields: readonly string[] | null;
}

function sources(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(folder, file));
}

/** A call of a method of the port, on something named `log`: `log.warn(…)` or `deps.log.event(…)`. */
function levelOf(call: ts.CallExpression): string | undefined {
  if (!ts.isPropertyAccessExpression(call.expression)) return undefined;
  const { expression: owner, name } = call.expression;
  const ownerName = ts.isPropertyAccessExpression(owner) ? owner.name.text : ts.isIdentifier(owner) ? owner.text : '';
  return ownerName === 'log' ? LEVELS[name.text] : undefined;
}

function fieldsOf(argument: ts.Expression | undefined): readonly string[] | null {
  if (argument === undefined) return [];
  if (!ts.isObjectLiteralExpression(argument)) return null;
  const names = argument.properties.map((property) => property.name);
  return names.every((name) => name !== undefined && ts.isIdentifier(name)) ? names.map((name) => name.text) : null;
}

function logCalls(file: string): LogCall[] {
  const source = ts.createSourceFile(file, readFileSync(path.join(ROOT, file), 'utf8'), ts.ScriptTarget.Latest, true);
  const calls: LogCall[] = [];
  const visit = (node: ts.Node): void => {
    const level = ts.isCallExpression(node) ? levelOf(node) : undefined;
    if (ts.isCallExpression(node) && level !== undefined) {
      const [name, fields] = node.arguments;
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      calls.push({
        at: `${file}:${String(line + 1)}`,
        name: name !== undefined && ts.isStringLiteralLike(name) ? name.text : null,
        level,
        fields: fieldsOf(fields),
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return calls;
}

const calls = [...sources('src'), ...sources('workers')].flatMap(logCalls);

/** One line an event: name, level, the union of the fields of all its calls. */
function usedEvents(): string[] {
  const events = new Map<string, Set<string>>();
  for (const { name, level, fields } of calls) {
    const key = `${name ?? '(computed)'} ${level}`;
    events.set(key, new Set([...(events.get(key) ?? []), ...(fields ?? [])]));
  }
  return [...events].map(([key, fields]) => `${key}: ${[...fields].sort().join(', ')}`).sort();
}

function documentedEvents(): string[] {
  const rows = readFileSync(path.join(ROOT, DOCUMENT), 'utf8')
    .split('\n')
    .map((line) => /^\| `([a-z_.]+)` \| (info|warn|error) \| .+ \| (.*?) ?\|$/.exec(line))
    .filter((row) => row !== null);
  return rows
    .map(([, name, level, fields]) => {
      const named = [...(fields ?? '').matchAll(/`(\w+)`/g)].map(([, field]) => field ?? '').sort();
      return `${name ?? ''} ${level ?? ''}: ${named.join(', ')}`;
    })
    .sort();
}

describe('log events', () => {
  it('are found in the code at all', () => {
    expect(calls.length).toBeGreaterThanOrEqual(15);
  });

  it('are written out in the call, with their fields', () => {
    expect(calls.filter(({ name, fields }) => name === null || fields === null).map(({ at }) => at)).toEqual([]);
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
