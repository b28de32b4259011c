import { readFile } from 'node:fs/promises';
import net from 'node:net';
import { codeOf, errnoOf, UserError } from '../../../src/kernel/errors';

const failureOf = (work: Promise<unknown>): Promise<unknown> => work.then(() => null).catch((error: unknown) => error);

describe('what a log says of an error', () => {
  it('is the code of an error of ours', () => {
    expect(codeOf(new UserError('usage', 'hidden'))).toBe('usage');
  });

  it('is the name that the system gives an error of a file, and nothing of its path', async () => {
    expect(codeOf(await failureOf(readFile('/nowhere/hidden')))).toBe('ENOENT');
    expect(codeOf(await failureOf(readFile(`${__filename}/hidden`)))).toBe('ENOTDIR');
  });

  it('is that of a connection too', async () => {
    const refused = await new Promise((resolve) => net.connect(9, '127.0.0.1').on('error', resolve));
    expect(codeOf(refused)).toBe('ECONNREFUSED');
  });

  it.each<[string, unknown, string]>([
    ['an error of a library', Object.assign(new Error('hidden'), { code: 'hidden-value' }), 'Error'],
    ['a code that no system call gave', Object.assign(new Error('hidden'), { code: 'EHIDDEN' }), 'Error'],
    ['a code that is no name', Object.assign(new Error('hidden'), { code: 'E hidden', syscall: 'open' }), 'Error'],
    ['a fault of the program', new RangeError('hidden'), 'RangeError'],
    ['what is no error', 'hidden', 'unknown'],
  ])('is the class alone of %s', (_name, error, code) => {
    expect([codeOf(error), errnoOf(error)]).toEqual([code, null]);
  });
});
