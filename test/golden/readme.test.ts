import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { configurationTable } from '../../scripts/configuration-table';
import { ROOT } from '../support/program';

const README = path.join(ROOT, 'README.md');
const TABLE = /(<!-- configuration -->\n)([\s\S]*?)(<!-- \/configuration -->)/;

describe('README', () => {
  it('has the configuration table of the schema', () => {
    const text = readFileSync(README, 'utf8');
    const expected = text.replace(
      TABLE,
      (_all, open: string, _table, close: string) => `${open}${configurationTable()}\n${close}`,
    );
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(README, expected);
    else expect(text).toBe(expected);
    expect(text).toMatch(TABLE);
  });

  it('claims of a log no more than it shows', () => {
    const text = readFileSync(README, 'utf8').replaceAll('\n', ' ');
    expect(text).toContain('what answers a person (the welcome, a confirmation, their receipt) is no entry');
    const row = /\| \*\*That nothing was left out\*\* ([^|]*) \|/.exec(text)?.[1];
    expect(row).toContain('so a gap shows');
    expect(row).toMatch(
      /cut off.* does not show in one bundle: it shows against an earlier bundle, the person's own receipt/,
    );
  });
});
