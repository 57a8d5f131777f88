import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../docs/decisions/', import.meta.url));

test('each decision has a number of its own, in its name and in its title', () => {
  const names = readdirSync(folder).filter((name) => /^\d{4}-.*\.md$/.test(name));
  assert.ok(names.length > 30, `${names.length} decisions`);
  const numbers = names.map((name) => name.slice(0, 4));
  assert.deepEqual(
    numbers.filter((number, at) => numbers.indexOf(number) !== at),
    [],
  );
  for (const name of names) {
    const title = readFileSync(`${folder}${name}`, 'utf8').split('\n')[0] ?? '';
    assert.ok(title.startsWith(`# ${name.slice(0, 4)}`), `${name}: ${title}`);
  }
});

test('the index has each decision once, under its own number', () => {
  const names = readdirSync(folder).filter((name) => /^\d{4}-.*\.md$/.test(name) && !name.startsWith('0000'));
  const rows = [...readFileSync(`${folder}README.md`, 'utf8').matchAll(/^\| \[(\d{4})\]\(([^)]+)\) \|/gm)];
  assert.deepEqual(rows.map(([, , name = '']) => name).toSorted(), names.toSorted());
  for (const [, number = '', name = ''] of rows) assert.ok(name.startsWith(number), `${number} leads to ${name}`);
});

test('each source that the index names names the decision', () => {
  const rows = readFileSync(`${folder}README.md`, 'utf8').matchAll(/^\| \[(\d{4})\].*\| `(src\/[^`]+)`[^|]*\|$/gm);
  const silent = [...rows].flatMap(([, number = '', file = '']) =>
    readFileSync(`${folder}../../${file}`, 'utf8').includes(number) ? [] : [`${file}: ${number}`],
  );
  assert.deepEqual(silent, []);
});
