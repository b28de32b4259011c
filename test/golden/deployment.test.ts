import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { envSchema, SECRET_VARIABLES } from '../../config/env';
import { ROOT } from '../support/program';

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[] | string;
  readonly user?: string;
  readonly restart?: string;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly environment?: Record<string, string>;
  readonly volumes?: readonly string[];
}

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const { services } = compose;

describe('docker-compose.yml', () => {
  it('has the database, the queue, the API and the workers', () => {
    expect(Object.keys(services).sort()).toEqual(['api', 'postgres', 'redis', 'worker']);
  });

  it.each(Object.keys(services))('restarts %s and knows whether it is healthy', (name) => {
    expect(services[name]?.restart).toBe('unless-stopped');
    const fromImage = name === 'api' && read('Dockerfile').includes('HEALTHCHECK');
    expect(fromImage || services[name]?.healthcheck !== undefined).toBe(true);
  });

  it('shares one key ring between API and workers, and nothing else has it', () => {
    const holders = Object.entries(services).filter(([, service]) =>
      service.volumes?.some((volume) => volume.startsWith('keys:')),
    );
    expect(holders.map(([name]) => name).sort()).toEqual(['api', 'worker']);
    expect(Object.keys(compose.volumes)).toContain('keys');
  });

  it('gives no secret a default', () => {
    const references = [...read('docker-compose.yml').matchAll(/\$\{(\w+)(:?[-?])?([^}]*)\}/g)];
    const secrets = references.filter(([, name]) => /PASSWORD|SECRET|TOKEN|KEY/.test(name ?? ''));
    expect(secrets.length).toBeGreaterThanOrEqual(5);
    expect(secrets.filter(([, , operator]) => operator !== ':?')).toEqual([]);
  });

  it('sets only variables that the program reads', () => {
    const known = new Set<string>([...Object.keys(envSchema.shape), ...SECRET_VARIABLES.map((name) => `${name}_FILE`)]);
    const unknown = Object.keys(services.api?.environment ?? {}).filter((name) => !known.has(name));
    expect(unknown).toEqual([]);
  });

  it('keeps values out of the log of PostgreSQL', () => {
    for (const setting of [
      'log_error_verbosity=terse',
      'log_min_error_statement=panic',
      'log_parameter_max_length_on_error=0',
    ]) {
      expect(services.postgres?.command).toContain(setting);
    }
  });
});

describe('Dockerfile', () => {
  const lines = read('Dockerfile').split('\n');

  it('runs as a user that is not root', () => {
    const last = lines.filter((line) => line.startsWith('USER ')).at(-1);
    expect(last).toBe('USER node');
  });

  it('starts node itself, so that signals reach it', () => {
    expect(lines.filter((line) => line.startsWith('CMD ')).at(-1)).toMatch(/^CMD \["node"/);
  });

  it('holds no secret', () => {
    expect(lines.filter((line) => /^(ENV|ARG).*(PASSWORD|SECRET|TOKEN|MASTER_KEY)/.test(line))).toEqual([]);
  });
});
