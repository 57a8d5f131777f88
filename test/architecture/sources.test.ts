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
      .filter((file) => !/\.test\.tsx?$/.test(file))
      .flatMap((file) => optionsInWords(file, readFileSync(`${root}/${file}`, 'utf8'))),
  );
  assert.deepEqual(found, []);
});

test('a planted option is found, one for the terminal is not', () => {
  assert.deepEqual(optionsInWords('a.ts', "const a = 1;\nmessage: 'try it with --broker';\n"), ['a.ts:2']);
  assert.deepEqual(optionsInWords('a.ts', "inTerminal: 'try it with --broker',\n// as --map has it\ni--;"), []);
});

/** Calls by these names give no promise, whatever they are called on. */
const givesNoPromise = new Set([
  'add',
  'delete',
  'end',
  'kill',
  'notify',
  'on',
  'once',
  'push',
  'set',
  'write',
  'emit',
]);

interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  return Object.values(node).flatMap((value: unknown) => (Array.isArray(value) ? value : [value]).filter(isNode));
}

/** The last name of what is called: `delete` of `a.#b.delete(c)`. */
function calledName(call: SyntaxNode): string {
  const { callee } = call;
  if (!isNode(callee)) return '';
  const named = callee.type === 'MemberExpression' ? callee['property'] : callee;
  return isNode(named) && typeof named['name'] === 'string' ? named['name'] : '';
}

/** Whether its value comes from a call that may give a promise. */
function mayPromise(node: unknown): boolean {
  if (!isNode(node)) return false;
  if (node.type === 'CallExpression') return !givesNoPromise.has(calledName(node));
  return ['expression', 'right', 'consequent', 'alternate'].some(
    (part) => node.type !== 'AssignmentExpression' && mayPromise(node[part]),
  );
}

/**
 * Lines with `void f()` as a value, such as `() => void f()`: whether `f` gives a promise cannot be seen there. Statements
 * are checked by the linter, which knows types.
 */
function discardedCalls(file: string, text: string): string[] {
  if (!/\bvoid [\w(#]/.test(text)) return [];
  const found: string[] = [];
  const visit = (node: SyntaxNode, parent: SyntaxNode | null): void => {
    const statement = parent?.type === 'ExpressionStatement';
    const discards = node.type === 'UnaryExpression' && node['operator'] === 'void' && !statement;
    if (discards && mayPromise(node['argument'])) found.push(`${file}:${text.slice(0, node.start).split('\n').length}`);
    for (const child of childrenOf(node)) visit(child, node);
  };
  const { program } = parseSync(file, text);
  for (const statement of program.body) if (isNode(statement)) visit(statement, null);
  return found;
}

test('work that nobody waits for goes through `spawn`: `void` hides what fails', () => {
  const found = listSources(root, 'src')
    .filter((file) => !/\.test\.tsx?$/.test(file))
    .flatMap((file) => discardedCalls(file, readFileSync(`${root}/${file}`, 'utf8')));
  assert.deepEqual(found, []);
});

test('a planted `void` of an unknown call is found, one of a known method or an assignment is not', () => {
  assert.deepEqual(discardedCalls('a.ts', 'const a = () => void f();\nfunction g() { return void a.b(); }'), [
    'a.ts:1',
    'a.ts:2',
  ]);
  assert.deepEqual(discardedCalls('a.ts', 'const a = () => void (b && c?.d());'), ['a.ts:1']);
  const harmless = ['const a = () => void set.delete(1);', 'const b = () => void (c = d);', 'void f();'];
  assert.deepEqual(discardedCalls('a.ts', harmless.join('\n')), []);
});

// Node strips types but does not compile JSX: only the renderer's are given what does (test/support/rendered).
test('no test hides in a .tsx file outside the renderer', () => {
  const folders = ['src', 'test', 'bench'];
  const rendered = folders.flatMap((folder) => listSources(root, folder)).filter((file) => file.endsWith('.test.tsx'));
  assert.ok(rendered.length > 0);
  assert.deepEqual(
    rendered.filter((file) => !file.startsWith('src/renderer/')),
    [],
  );
});
