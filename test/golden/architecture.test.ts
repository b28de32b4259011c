import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BROADCAST_STATUSES, TRANSITIONS, type BroadcastAction } from '../../src/domain/broadcasts/state.rules';
import { ROOT } from '../support/program';

const DOCUMENT = path.join(ROOT, 'docs/architecture.md');
const TABLE = /(<!-- states -->\n)([\s\S]*?)(<!-- \/states -->)/;

function statesTable(): string {
  const actions = [...new Set(BROADCAST_STATUSES.flatMap((status) => Object.keys(TRANSITIONS[status])))];
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  const rows = BROADCAST_STATUSES.map((status) =>
    row([`\`${status}\``, ...actions.map((action) => TRANSITIONS[status][action as BroadcastAction] ?? '')]),
  );
  return [row(['', ...actions]), row(['---', ...actions.map(() => '---')]), ...rows].join('');
}

const folders = (parent: string): string[] =>
  readdirSync(path.join(ROOT, parent), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${parent}/${entry.name}/`);

describe('docs/architecture.md', () => {
  it('prints the state machine of a broadcast', () => {
    const text = readFileSync(DOCUMENT, 'utf8');
    const expected = text.replace(TABLE, (_all, open: string, _table, close: string) => open + statesTable() + close);
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(DOCUMENT, expected);
    else expect(text).toBe(expected);
    expect(text).toMatch(TABLE);
  });

  it('has every folder of the program on its map, and no other', () => {
    const text = readFileSync(DOCUMENT, 'utf8');
    const map = text.slice(text.indexOf('## Folders'), text.indexOf('**Dependency rule**'));
    const onMap = [...map.matchAll(/`(src\/\w+\/(?:\w+\/)?)`/g)].map(([, folder]) => folder ?? '');
    const inCode = [...folders('src'), ...folders('src/domain'), ...folders('src/platform')];
    expect(onMap.sort()).toEqual(inCode.sort());
  });
});
