import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { errnoOf, UserError } from '../../../src/kernel/errors';
import { inDirectoryOf, makeDirectory, reasonOf } from '../../../src/platform/directories';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'assent-directories-'));
  await writeFile(path.join(root, 'file'), '');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const refusal = (directory: string): Promise<string | null> =>
  makeDirectory(directory).then(
    () => null,
    (error: unknown) => errnoOf(error),
  );

describe('a directory', () => {
  it('is made when it is missing, and left as it is when it is there', async () => {
    const made = path.join(root, 'made');
    await makeDirectory(made, 0o700);
    await writeFile(path.join(made, 'kept'), 'kept');
    await makeDirectory(made);
    expect((await stat(made)).mode & 0o777).toBe(0o700);
    expect(await readFile(path.join(made, 'kept'), 'utf8')).toBe('kept');
    await mkdir(path.join(root, 'behind'));
    await symlink(path.join(root, 'behind'), path.join(root, 'link'));
    expect(await refusal(path.join(root, 'link'))).toBeNull();
  });

  it('is not made together with those above it', async () => {
    expect(await refusal(path.join(root, 'volume/copy'))).toBe('ENOENT');
    expect(existsSync(path.join(root, 'volume'))).toBe(false);
  });

  it.each([
    ['file', 'EEXIST'],
    ['file/below', 'ENOTDIR'],
  ])('is refused in the place of a file: %s', async (place, errno) => {
    expect(await refusal(path.join(root, place))).toBe(errno);
  });
});

describe('what an operator is told of it', () => {
  it('is the variable and the cause, and not the path', async () => {
    const failure = await inDirectoryOf('KEYRING_DIR', () => makeDirectory(path.join(root, 'file/below'))).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(UserError);
    expect(failure).toMatchObject({
      code: 'directory_unusable',
      message:
        'the directory of KEYRING_DIR cannot be used: it is no directory, or lies below something that is none (ENOTDIR)',
    });
  });

  it('is in words where there are some', () => {
    expect(reasonOf('EACCES')).toBe('this user may not read and write there (EACCES)');
    expect(reasonOf('EROFS')).toBe('its volume is read-only (EROFS)');
    expect(reasonOf('EFBIG')).toBe('fault EFBIG');
  });

  it('is nothing of this kind when something else failed', async () => {
    const fault = new RangeError('other');
    await expect(inDirectoryOf('DATA_DIR', () => Promise.reject(fault))).rejects.toBe(fault);
  });
});
