import { checkEndpoint } from '../../../../src/domain/recipients/endpoint.rules';

const isTaken = (endpoint: string, onLoopback = false) => checkEndpoint(endpoint, onLoopback).length === 0;

it.each([
  'https://example.com/hook',
  'https://example.com:443/a?b=c',
  'https://8.8.8.8/x',
  'https://[2606:2800:220::1]/',
])('takes %s', (endpoint) => {
  expect(isTaken(endpoint)).toBe(true);
});

it.each([
  'http://example.com/hook',
  'ftp://example.com/hook',
  'example.com/hook',
  '',
  `https://example.com/${'x'.repeat(2_000)}`,
  'https://user:secret@example.com/hook',
  'https://user@example.com/hook',
  'https://example.com/hook#part',
  'https://example.com:8443/hook',
  'https://8.8.8.8:22/hook',
  'https://localhost/hook',
  'https://a.localhost/hook',
  'https://printer.local/hook',
  'https://metadata.google.internal/',
  'https://127.0.0.1/hook',
  'https://0x7f.1/hook',
  'https://10.0.0.1/hook',
  'https://169.254.169.254/latest',
  'https://[::1]/hook',
  'https://[fd00::1]/hook',
  'https://[::ffff:10.0.0.1]/hook',
])('refuses %s, and says at what', (endpoint) => {
  expect(checkEndpoint(endpoint, false)).toMatchObject([{ pointer: '/endpoint' }]);
});

it('takes this machine only where that is allowed, and plain http only there', () => {
  for (const endpoint of ['http://127.0.0.1:8080/x', 'http://localhost/x', 'https://[::1]/x'])
    expect([isTaken(endpoint, true), isTaken(endpoint)]).toEqual([true, false]);
  for (const endpoint of ['http://example.com/x', 'https://10.0.0.1/x', 'http://user@127.0.0.1/'])
    expect(isTaken(endpoint, true)).toBe(false);
  expect(isTaken('https://example.com:8443/x', true)).toBe(false);
  expect(checkEndpoint('https://example.com:8443/x', false)[0]?.detail).toContain('443');
});
