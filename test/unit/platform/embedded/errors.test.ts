import { OperationalError, UserError } from '../../../../src/kernel/errors';
import { translateFileError } from '../../../../src/platform/embedded/errors';

const fault = (code: string): Error => Object.assign(new Error('low level'), { code });

test.each(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR'])('%s is for the operator to mend', (code) => {
  const error = translateFileError(fault(code), '/some/folder') as UserError;
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({
    code: 'embedded_postgres_no_access',
    message: expect.stringContaining('/some/folder') as string,
  });
  expect(error.cause).toMatchObject({ code });
});

test.each(['ENOSPC', 'EDQUOT'])('%s may pass', (code) => {
  const error = translateFileError(fault(code), '/some/folder');
  expect(error).toBeInstanceOf(OperationalError);
  expect(error).toMatchObject({ code: 'embedded_postgres_disk_full' });
});

test('any other error passes unchanged', () => {
  const error = fault('42P01');
  expect(translateFileError(error, '/some/folder')).toBe(error);
  expect(translateFileError(undefined, '/some/folder')).toBeUndefined();
});
