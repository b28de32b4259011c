import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

const bannedTime = [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Ask the Clock port for the time.' },
  {
    selector: "MemberExpression[object.name='Date'][property.name='now']",
    message: 'Ask the Clock port for the time.',
  },
];

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'data/**', 'coverage/**', '**/*.js', '**/*.cjs', '**/*.mjs'] },
  eslint.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      // Fires on library classes that are declared structurally (winston transports, Express requests).
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-console': 'error',
      complexity: ['error', 12],
      'max-depth': ['error', 3],
      'max-params': ['error', 5],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'config/ alone reads the environment.' },
      ],
      'no-restricted-syntax': ['error', ...bannedTime],
    },
  },
  {
    files: [
      'config/**',
      'src/main.ts',
      'workers/main.ts',
      'workers/all-in-one.ts',
      'src/cli/main.ts',
      'test/**',
      'bench/**',
      'scripts/**',
    ],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['src/kernel/clock.ts', 'src/sandbox/**', 'test/**', 'bench/**', 'scripts/**'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  { files: ['migrations/**'], rules: { 'max-lines': 'off' } },
  {
    files: ['test/**', 'bench/**', 'scripts/**'],
    rules: {
      'max-lines-per-function': 'off',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'no-console': 'off',
      complexity: 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  // One table of tamperings, read from top to bottom.
  { files: ['test/integration/tools/**'], rules: { 'max-lines': 'off' } },
);
