import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path/posix';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { listSources } from './import-graph.ts';
import { defines, linkedFiles, namedPlaces, namedScripts } from './named-places.ts';

const root = fileURLToPath(new URL('../../', import.meta.url)).replaceAll('\\', '/');

/** Documents that name places in the code by their path from the root. */
const guides = [
  'docs/architecture.md',
  'CONTRIBUTING.md',
  'docs/glossary.md',
  'docs/protocol.md',
  'docs/decisions/README.md',
];

const documents = [
  'CONTRIBUTING.md',
  'README.md',
  'SECURITY.md',
  ...readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name.replaceAll('\\', '/')}`),
];

function read(file: string): string {
  return readFileSync(`${root}${file}`, 'utf8');
}

/** What is wrong with the places that a text names. */
function faultsOf(text: string): readonly string[] {
  return namedPlaces(text).flatMap(({ path: place, names, line }) => {
    if (!existsSync(`${root}${place}`)) return [`line ${line}: there is no ${place}`];
    if (names.length === 0) return [];
    if (statSync(`${root}${place}`).isDirectory()) return [`line ${line}: ${place} is a folder, ${names[0]} a name`];
    const source = read(place);
    return names.filter((name) => !defines(source, name)).map((name) => `line ${line}: ${place} defines no ${name}`);
  });
}

for (const guide of guides) {
  test(`each file that ${guide} names exists, and defines what it is said to define`, () => {
    const text = read(guide);
    assert.ok(namedPlaces(text).length > 10, `${guide} names hardly any file: is it written as this test reads it?`);
    assert.deepEqual(faultsOf(text), []);
  });
}

test('a planted file, folder and name that are not there are found', () => {
  const text =
    '| cut | `src/engine/link/transfer/transfer-writer.ts` | `writeTransfer`, `writeNothing` |\n`src/engine/nowhere/`';
  assert.deepEqual(faultsOf(text), [
    'line 1: src/engine/link/transfer/transfer-writer.ts defines no writeNothing',
    'line 2: there is no src/engine/nowhere',
  ]);
});

test('a member counts only beside its owner, and words apart from a path are no names', () => {
  assert.deepEqual(faultsOf('`src/engine/diagnosis/diagnosis.ts` `Diagnosis.check`, then `nothing` else'), []);
  assert.equal(faultsOf('`src/engine/diagnosis/diagnosis.ts`: `Diagnosis.checks`').length, 1);
  assert.equal(faultsOf('`src/engine/diagnosis/find-all.ts` and `check`').length, 1);
});

test('the code map names every folder of src that holds sources', () => {
  const named = new Set(namedPlaces(read('docs/architecture.md')).map((place) => place.path));
  const folders = new Set(listSources(root, 'src').map((file) => path.dirname(file)));
  assert.ok(folders.size > 40, `${folders.size} folders`);
  assert.deepEqual(
    [...folders].filter((folder) => folder !== 'src' && !named.has(folder)),
    [],
  );
});

test('each link between documents leads to a file, and each npm script that they name exists', () => {
  const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
  for (const document of documents) {
    const text = read(document);
    const dead = linkedFiles(text).filter((target) => !existsSync(path.join(root, path.dirname(document), target)));
    assert.deepEqual(dead, [], document);
    assert.deepEqual(
      namedScripts(text).filter((name) => !Object.hasOwn(scripts, name)),
      [],
      document,
    );
  }
});
