import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';
import { listSources } from './import-graph.ts';

const root = fileURLToPath(new URL('../../', import.meta.url))
  .replaceAll('\\', '/')
  .replace(/\/$/, '');

/** Lines of `using` and `await using` at the top level of a module. */
function moduleScopeUsings(file: string, text: string): number[] {
  return parseSync(file, text).program.body.flatMap((statement) =>
    statement.type === 'VariableDeclaration' && statement.kind.endsWith('using')
      ? [text.slice(0, statement.start).split('\n').length]
      : [],
  );
}

// Rolldown (Vite 8.3) leaves such a declaration out of the bundle without a word when its name is not used again.
test('nothing is held by `using` at the top level of a module: the bundler drops it', () => {
  const found = listSources(root, 'src').flatMap((file) =>
    moduleScopeUsings(file, readFileSync(`${root}/${file}`, 'utf8')).map((line) => `${file}:${line}`),
  );
  assert.deepEqual(found, []);
});

test('a planted `using` at the top level is found, one in a function is not', () => {
  assert.deepEqual(moduleScopeUsings('a.ts', 'const a = 1;\nusing b = open();\nawait using c = open();'), [2, 3]);
  assert.deepEqual(moduleScopeUsings('a.ts', 'function f() { using b = open(); }'), []);
});

// Node strips types but does not compile JSX: a test in such a file would not be run by anybody.
test('no test hides in a .tsx file', () => {
  assert.deepEqual(
    listSources(root, 'src').filter((file) => file.endsWith('.test.tsx')),
    [],
  );
});
