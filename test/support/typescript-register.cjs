// Lets a child process of a test run our TypeScript: node -r test/support/typescript-register.cjs file.ts
const { transformFileSync } = require('@swc/core');

const options = {
  jsc: { parser: { syntax: 'typescript', decorators: true }, target: 'es2022' },
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
};

require.extensions['.ts'] = (module, file) => module._compile(transformFileSync(file, options).code, file);
