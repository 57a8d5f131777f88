import { defineConfig } from 'oxlint';
import { isIn, layers } from './layers.ts';
import type { OxlintOverride } from 'oxlint';
import type { Layer } from './layers.ts';

/**
 * A rule is an error or off: a warning that stays is noise, and one that goes was an error.
 * Run by `npm run lint`; the rules that need types come from oxlint-tsgolint.
 */

/** Names of `package.json`'s `imports`: `src/engine/link` is `#engine/link`, `test` is `#test`. */
function importName(path: string): string {
  return `#${path.replace(/^src\//, '')}`;
}

/**
 * What a layer may not import, listed one by one since patterns have no look-ahead. The editor's early notice only: a
 * folder that holds something allowed cannot be forbidden here, so the walk in test/architecture has the last word.
 */
function forbidden(layer: Layer): { regex: string; message: string }[] {
  const allowed = [layer.path, ...layer.imports];
  const layerPatterns = layers
    .filter((other) => !allowed.some((path) => isIn(other.path, path) || isIn(path, other.path)))
    .map((other) => ({
      regex: `^${importName(other.path)}(/|$)`,
      message: `${layer.path} may not import ${other.path}: ${layer.reason}`,
    }));
  const facePatterns = layers
    .filter((other) => other.face && !isIn(layer.path, other.path))
    .map((other) => ({
      regex: `^${importName(other.path)}/[^/]+/`,
      message: `of ${other.path} only ${other.face?.join(' and ')} are visible`,
    }));
  return [
    ...layerPatterns,
    ...facePatterns,
    ...(layer.node ? [] : [{ regex: '^node:', message: `no module of Node's here: ${layer.reason}` }]),
    ...(layer.electron ? [] : [{ regex: '^electron(/|$)', message: 'electron belongs to main and preload alone' }]),
    ...(isIn(layer.path, 'src/engine') && layer.path !== 'src/engine/host'
      ? [{ regex: '^node:timers', message: 'time comes from the Clock that the constructor is given' }]
      : []),
  ];
}

const layerOverrides: OxlintOverride[] = layers
  .filter((layer) => layer.path.startsWith('src/'))
  .toSorted((a, b) => a.path.length - b.path.length)
  .map((layer) => ({
    files: layer.path.endsWith('.ts') ? [layer.path] : [`${layer.path}/**`],
    rules: { 'no-restricted-imports': ['error', { patterns: forbidden(layer) }] },
  }));

const fromClock = 'use the Clock that the constructor is given (src/shared/base/time/clock.ts)';

export default defineConfig({
  plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'import', 'promise', 'react', 'jsx-a11y'],
  categories: { correctness: 'error' },
  ignorePatterns: ['out/**', 'coverage/**', 'node_modules/**', 'docs/**', 'resources/**', 'test/fixtures/**'],
  rules: {
    eqeqeq: ['error', 'always', { null: 'ignore' }],
    'max-lines': ['error', { max: 400 }],
    'max-lines-per-function': ['error', { max: 70, IIFEs: true }],
    'no-empty': 'error',
    'no-var': 'error',
    'prefer-const': 'error',
    'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all' }],
    'import/no-cycle': ['error', { ignoreTypes: false }],
    // Our own errors of unknown type are shown with String() on purpose.
    'typescript/no-base-to-string': 'off',
    // `return void f()` in one line says that the value does not matter, whether or not there is one.
    'typescript/no-meaningless-void-operator': 'off',
    // Stores are closures and private fields are #private: a method that loses its `this` fails at its first call.
    'typescript/unbound-method': 'off',
    'unicorn/no-new-array': 'off',
    // A copy is made before a loop that may change what it goes over; the rule takes it for waste.
    'unicorn/no-useless-spread': 'off',
    'promise/no-callback-in-promise': 'off',
    'typescript/consistent-type-imports': ['error', { disallowTypeAnnotations: true }],
    'typescript/no-explicit-any': 'error',
    // Nor does `void` make one safe: what fails where nobody waits goes through `spawn` (src/shared/base/spawn.ts).
    'typescript/no-floating-promises': ['error', { ignoreVoid: false }],
    'typescript/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
    'typescript/only-throw-error': 'error',
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'unicorn/prefer-node-protocol': 'error',
    'react/rules-of-hooks': 'error',
    'react/exhaustive-deps': 'error',
    // Advice for the React Compiler, which this project does not run.
    'react/refs': 'off',
    'react/incompatible-library': 'off',
    'react/preserve-manual-memoization': 'off',
    // A virtualised table cannot be <table>, and what scrolls must take the focus. Names, roles and focus of the real
    // page are checked by axe in the end-to-end tests.
    'jsx-a11y/prefer-tag-over-role': 'off',
    'jsx-a11y/no-noninteractive-tabindex': 'off',
    'jsx-a11y/no-noninteractive-element-interactions': 'off',
    'jsx-a11y/control-has-associated-label': 'off',
  },
  overrides: [
    ...layerOverrides,
    {
      // `src/headless` and `src/main` begin everything: they have the system's own clock, and hand it on.
      files: [
        'src/engine/**',
        'src/service/**',
        'src/demo/**',
        'src/coordinator/**',
        'src/participant/**',
        'src/relay/**',
      ],
      rules: {
        'no-restricted-globals': [
          'error',
          { name: 'setTimeout', message: fromClock },
          { name: 'setInterval', message: fromClock },
          { name: 'setImmediate', message: fromClock },
        ],
        'no-restricted-properties': [
          'error',
          { object: 'Date', property: 'now', message: fromClock },
          { object: 'performance', property: 'now', message: fromClock },
          { object: 'AbortSignal', property: 'timeout', message: 'use clock.deadline(ms)' },
          { object: 'Math', property: 'random', message: 'use the Random that the constructor is given' },
        ],
      },
    },
    {
      files: ['src/engine/host/**'],
      rules: { 'no-restricted-globals': 'off', 'no-restricted-properties': 'off' },
    },
    {
      files: ['**/*.test.ts', '**/*.test.tsx', 'test/**', 'bench/**'],
      rules: {
        'no-restricted-imports': 'off',
        'no-restricted-globals': 'off',
        'no-restricted-properties': 'off',
        'max-lines': ['error', { max: 600 }],
        // A suite is one call of describe(); its tests are the functions that count.
        'max-lines-per-function': 'off',
        // test() and describe() of Node's runner return promises that the runner itself awaits.
        'typescript/no-floating-promises': [
          'error',
          {
            ignoreVoid: true,
            allowForKnownSafeCalls: [
              { from: 'package', name: ['test', 'it', 'describe', 'suite', 'before', 'after'], package: 'node:test' },
            ],
          },
        ],
      },
    },
  ],
});
