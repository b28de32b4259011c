const { availableParallelism } = require('node:os');

const project = (name, extra = {}) => ({
  displayName: name,
  rootDir: __dirname,
  testEnvironment: 'node',
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  setupFilesAfterEnv: ['<rootDir>/test/support/no-network.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript', decorators: true }, target: 'es2022' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  ...extra,
});

const withPostgres = {
  globalSetup: '<rootDir>/test/support/jest-postgres-setup.ts',
  globalTeardown: '<rootDir>/test/support/jest-postgres-teardown.ts',
  testEnvironment: '<rootDir>/test/support/jest-postgres-environment.ts',
};

module.exports = {
  testTimeout: 60_000,
  testSequencer: '<rootDir>/test/support/jest-sequencer.cjs',
  // Journeys spend their time waiting: on two cores one worker would leave both idle.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  projects: [
    project('unit'),
    project('golden', withPostgres),
    project('contract', withPostgres),
    project('integration', withPostgres),
    project('e2e', withPostgres),
  ],
};
