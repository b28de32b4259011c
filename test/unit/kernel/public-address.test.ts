import { addressOfHost, isLoopbackAddress, isPublicAddress } from '../../../src/kernel/public-address';

it.each(['8.8.8.8', '93.184.216.34', '172.15.0.1', '172.32.0.1', '100.128.0.1', '2606:2800:220:1::1', '2a00:1450::1'])(
  'takes %s for somebody on the internet',
  (address) => {
    expect(isPublicAddress(address)).toBe(true);
  },
);

it.each([
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '127.8.8.8',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.8',
  '192.0.2.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.51.100.7',
  '203.0.113.7',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:10.0.0.1',
  '::ffff:8.8.8.8',
  '64:ff9b::a00:1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:a00:1::1',
  'fc00::1',
  'fd12:3456::1',
  'fe80::1',
  'fe80::1%eth0',
  'ff02::1',
  'localhost',
  'example.com',
  '',
])('takes %s for nobody on the internet', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

it('knows the addresses of this machine', () => {
  expect(['127.0.0.1', '127.1.2.3', '::1'].map(isLoopbackAddress)).toEqual([true, true, true]);
  expect(['10.0.0.1', '::2', 'localhost'].map(isLoopbackAddress)).toEqual([false, false, false]);
});

it('reads an address that stands in the place of a host, in every spelling', () => {
  const addressIn = (text: string) => addressOfHost(new URL(text));
  expect(addressIn('https://0x7f.1/')).toBe('127.0.0.1');
  expect(addressIn('https://2130706433/')).toBe('127.0.0.1');
  expect(addressIn('https://[::ffff:127.0.0.1]/')).toBe('::ffff:7f00:1');
  expect(addressIn('https://example.com/')).toBeNull();
});
