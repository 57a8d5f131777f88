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

// A window has no options: what helps on the command line alone is told there, by `inTerminal` or the error's `option`.
const programs = [
  'src/shared',
  'src/engine',
  'src/participant',
  'src/coordinator',
  'src/service',
  'src/demo',
  'src/look',
  'src/relay',
];

/** Lines whose text, shown in a window, would name an option of the command line. */
function optionsInWords(file: string, text: string): string[] {
  return text.split('\n').flatMap((line, i) => {
    const words = /^\s*(\*|\/\/|\/\*)/.test(line) ? '' : line;
    const named = /\S --[a-z][a-z-]+/.test(words) && !/\b(inTerminal|option): |npm install/.test(words);
    return named ? [`${file}:${i + 1}`] : [];
  });
}

test('what a window may show names no option of the command line', () => {
  const found = programs.flatMap((folder) =>
    listSources(root, folder)
      .filter((file) => !file.endsWith('.test.ts'))
      .flatMap((file) => optionsInWords(file, readFileSync(`${root}/${file}`, 'utf8'))),
  );
  assert.deepEqual(found, []);
});

test('a planted option is found, one for the terminal is not', () => {
  assert.deepEqual(optionsInWords('a.ts', "const a = 1;\nmessage: 'try it with --broker';\n"), ['a.ts:2']);
  assert.deepEqual(optionsInWords('a.ts', "inTerminal: 'try it with --broker',\n// as --map has it\ni--;"), []);
});

// Node strips types but does not compile JSX: a test in such a file would not be run by anybody.
test('no test hides in a .tsx file', () => {
  assert.deepEqual(
    listSources(root, 'src').filter((file) => file.endsWith('.test.tsx')),
    [],
  );
});
