import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { loadConfig } from '../../../config/env';
import { makeTestTsa } from '../../support/test-tsa';

const PRODUCTION = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://u:p@db/assent',
  PUBLIC_URL: 'https://bot.example.com/',
  META_APP_ID: '1234',
  META_APP_SECRET: 'first-secret-0123456789,second-secret-0123456789',
  META_VERIFY_TOKEN: 'verify-token',
  MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
};

const fault = (env: Record<string, string>): string => {
  try {
    loadConfig(env);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('the configuration was accepted');
};

describe('loadConfig', () => {
  it('needs nothing on one machine', () => {
    const config = loadConfig({});
    expect(config.http).toEqual({ port: 3000, host: '127.0.0.1', publicUrl: null });
    expect(config.meta).toMatchObject({ appSecrets: null, graphVersion: 'v25.0' });
    expect(config.workerQueues).toEqual(['inbox', 'send', 'control']);
    expect(config.keyRingDir).toBe(path.join(config.dataDir, 'keys'));
  });

  it('takes an empty variable for one that is not set', () => {
    expect(loadConfig({ HTTP_PORT: '', DATABASE_URL: '', WORKER_QUEUES: '', LOG_LEVEL: '' })).toEqual(loadConfig({}));
  });

  it('reads a full production environment', () => {
    const config = loadConfig(PRODUCTION);
    expect(config.production).toBe(true);
    expect(config.http.publicUrl).toBe('https://bot.example.com');
    expect(config.meta.appSecrets).toEqual(['first-secret-0123456789', 'second-secret-0123456789']);
    expect(config.masterKeys).toEqual([Buffer.alloc(32, 7)]);
    const both = `${Buffer.alloc(32, 8).toString('base64')},${PRODUCTION.MASTER_KEY}`;
    expect(loadConfig({ ...PRODUCTION, MASTER_KEY: both }).masterKeys).toEqual(
      [8, 7].map((fill) => Buffer.alloc(32, fill)),
    );
    expect(() => loadConfig({ ...PRODUCTION, MASTER_KEY: `${PRODUCTION.MASTER_KEY},` })).toThrow('MASTER_KEY');
  });

  it.each(['DATABASE_URL', 'PUBLIC_URL', 'META_APP_ID', 'META_APP_SECRET', 'META_VERIFY_TOKEN', 'MASTER_KEY'])(
    'refuses production without %s',
    (name) => {
      expect(fault({ ...PRODUCTION, [name]: '' })).toContain(`${name}: is required in production`);
    },
  );

  it('lets recipients lie on this machine only by the word, and never in production', () => {
    expect(loadConfig({}).recipientsOnLoopback).toBe(false);
    expect(loadConfig({ RECIPIENTS_ON_LOOPBACK: 'true' }).recipientsOnLoopback).toBe(true);
    expect(fault({ ...PRODUCTION, RECIPIENTS_ON_LOOPBACK: 'true' })).toContain('RECIPIENTS_ON_LOOPBACK');
  });

  it.each([
    ['HTTP_PORT', '70000'],
    ['HTTP_PORT', '3000x'],
    ['DATABASE_URL', 'mysql://hidden'],
    ['REDIS_URL', 'http://hidden'],
    ['META_APP_ID', 'hidden'],
    ['META_APP_SECRET', 'hidden'],
    ['META_VERIFY_TOKEN', 'hidden'],
    ['META_GRAPH_VERSION', 'hidden'],
    ['MASTER_KEY', 'hidden'],
    ['RFC3161_URL', 'ftp://hidden'],
    ['RFC3161_CA_FILE', '/hidden'],
    ['WITNESSES', 'hidden'],
    ['WORKER_QUEUES', 'inbox,hidden'],
    ['LOG_LEVEL', 'hidden'],
    ['NODE_ENV', 'hidden'],
  ])('names a bad %s and not its value', (name, value) => {
    const message = fault({ META_APP_SECRET: 'long-enough-secret', META_VERIFY_TOKEN: 'verify-token', [name]: value });
    expect(message).toContain(name);
    expect(message).not.toContain('hidden');
    expect(message).not.toContain('70000');
  });

  it('names every bad variable at once', () => {
    const message = fault({ HTTP_PORT: 'x', LOG_LEVEL: 'y' });
    expect(message).toContain('HTTP_PORT');
    expect(message).toContain('LOG_LEVEL');
  });

  it.each(['PUBLIC_URL', 'META_GRAPH_URL'])('refuses plain http in %s unless it is loopback', (name) => {
    expect(fault({ [name]: 'http://example.com' })).toContain(`${name}: must be https`);
    expect(() => loadConfig({ [name]: 'http://127.0.0.1:3000' })).not.toThrow();
  });

  describe('services outside that vouch for the log', () => {
    const one = 'witness.example.org/w1+6d7ef907+BIE5dw6oe9F1dpqe9MA5nJTMNbGWGwJ9sI3Q4LD5XLNI';
    const two = one.replace('/w1', '/w2');

    it('are none unless they are configured', () => {
      expect(loadConfig({}).anchors).toEqual({ rfc3161: null, witnesses: [] });
      expect(loadConfig({ RFC3161_URL: '', RFC3161_CA_FILE: '', WITNESSES: '' })).toEqual(loadConfig({}));
    });

    it('are read, several witnesses with commas between', () => {
      const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'assent-env-')), 'ca.pem');
      const tsa = makeTestTsa();
      writeFileSync(file, `a word before\n${tsa.authority}${tsa.authority}`);
      tsa.close();
      const config = loadConfig({
        RFC3161_URL: 'http://tsa.example.com/tsr',
        RFC3161_CA_FILE: file,
        WITNESSES: `${one}=https://w1.example.org/a=b, ${two}=http://127.0.0.1:7080`,
      });
      expect(config.anchors).toEqual({
        rfc3161: { url: 'http://tsa.example.com/tsr', authorities: [tsa.authority.trim(), tsa.authority.trim()] },
        witnesses: [
          { vkey: one, url: 'https://w1.example.org/a=b' },
          { vkey: two, url: 'http://127.0.0.1:7080' },
        ],
      });
    });

    it.each([
      ['RFC3161_URL', 'https://me:hidden@tsa.example.com', 'must hold no user name or password'],
      ['WITNESSES', `${one}=https://hidden@w1.example.org`, 'must hold no user name or password'],
      ['WITNESSES', `${one}=http://w1.example.org`, 'must be https unless it is a loopback address'],
      ['WITNESSES', `${one.replace('+B', '+A')}=https://w1.example.org`, 'a key is not that of a witness (type 0x04)'],
      ['WITNESSES', one, 'must be <vkey>=<url>'],
      ['WITNESSES', `${one}=https://w1.example.org,`, 'must be <vkey>=<url>'],
      ['WITNESSES', `${one}=ftp://w1.example.org`, 'must be <vkey>=<url>'],
      ['WITNESSES', `${one}=https://a.example.org,${one}=https://b.example.org`, 'two witnesses have the same name'],
    ])('are refused in %s: %s', (name, value, reason) => {
      const message = fault({ [name]: value });
      expect(message).toContain(`${name}: ${reason}`);
      expect(message).not.toContain('hidden');
    });

    it.each([
      ['', 'holds no certificate'],
      ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'holds a certificate that cannot be read'],
    ])('are refused with a file of authorities that holds none (%#)', (text, reason) => {
      const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'assent-env-')), 'ca.pem');
      writeFileSync(file, text);
      expect(fault({ RFC3161_URL: 'https://tsa.example.com', RFC3161_CA_FILE: file })).toContain(
        `RFC3161_CA_FILE: ${reason}`,
      );
      expect(fault({ RFC3161_CA_FILE: `${file}.gone` })).toContain('RFC3161_CA_FILE: the file cannot be read');
    });
  });

  it('keeps the sandbox on loopback', () => {
    expect(fault({ HTTP_HOST: '0.0.0.0' })).toContain('HTTP_HOST: must be a loopback address');
    expect(fault({ HTTP_HOST: '::' })).toContain('HTTP_HOST: must be a loopback address');
    expect(fault({ HTTP_HOST: 'not a host' })).toContain('HTTP_HOST: must be a loopback address');
    expect(fault({ PUBLIC_URL: 'https://bot.example.com' })).toContain('PUBLIC_URL: must be a loopback address');
    expect(() => loadConfig({ HTTP_HOST: '::1' })).not.toThrow();
    expect(() => loadConfig({ ...PRODUCTION, HTTP_HOST: '0.0.0.0' })).not.toThrow();
  });

  it('reads a secret from a file, and refuses two sources of one secret', () => {
    const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'assent-env-')), 'key');
    writeFileSync(file, `${PRODUCTION.MASTER_KEY}\n`);
    expect(loadConfig({ MASTER_KEY_FILE: file }).masterKeys).toEqual([Buffer.alloc(32, 7)]);
    expect(fault({ MASTER_KEY_FILE: file, MASTER_KEY: PRODUCTION.MASTER_KEY })).toContain('not both');
    expect(fault({ MASTER_KEY_FILE: `${file}.gone` })).toContain('MASTER_KEY_FILE: the file cannot be read');
  });
});
