import { z } from 'zod';
import type { HttpError } from '../../../src/http/http.errors';
import { parsePart } from '../../../src/http/validate';

const schema = z.strictObject({ 'a/b~c': z.strictObject({ list: z.array(z.int()) }) });

function refused(part: 'body' | 'parameters', value: unknown): HttpError['errors'] {
  try {
    parsePart(schema, value, part);
  } catch (error) {
    expect((error as HttpError).code).toBe('validation_failed');
    return (error as HttpError).errors;
  }
  throw new Error('it was accepted');
}

describe('parsePart', () => {
  it('points at fields of a body by JSON pointer, escaped', () => {
    expect(refused('body', { 'a/b~c': { list: [1, 'x'] } }).map(({ pointer }) => pointer)).toEqual(['/a~1b~0c/list/1']);
    expect(refused('body', undefined).map(({ pointer }) => pointer)).toEqual(['']);
  });

  it.each([null, 'a', 7, true, [1], undefined])('says of %j that an object is wanted', (value) => {
    expect(refused('body', value)).toEqual([{ pointer: '', detail: 'must be a JSON object' }]);
    expect(refused('body', { 'a/b~c': value })[0]).toMatchObject({ pointer: '/a~1b~0c' });
  });

  it('names parameters as they are written in the address', () => {
    expect(refused('parameters', {}).map(({ pointer }) => pointer)).toEqual(['a/b~c']);
  });

  it('names every unknown field, and no value', () => {
    const errors = refused('body', { 'a/b~c': { list: [], extra: 'secret words' }, other: 'secret words' });
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual(['/a~1b~0c/extra', '/other']);
    expect(JSON.stringify(errors)).not.toContain('secret words');
  });

  it('lets a part without a schema through as nothing', () => {
    expect(parsePart(undefined, { anything: 1 }, 'body')).toBeUndefined();
  });
});
