import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { protocolNames, protocolSchema } from '#shared/contract/protocols.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const text = readFileSync(`${root}docs/security.md`, 'utf8');

/** Rows of the table below a heading, without its head. */
function rowsBelow(heading: string): readonly string[] {
  const section = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| Transport'));
}

test('each protocol has its row in the table of transports, and each row names who tries to break it', () => {
  const rows = rowsBelow('Transports');
  for (const protocol of protocolSchema.options.filter((one) => one !== 'memory'))
    assert.ok(
      rows.some((row) => row.startsWith(`| ${protocolNames[protocol]}`)),
      `${protocol} has no row in docs/security.md`,
    );
  for (const row of rows) assert.match(row, /\.test\.ts`|transport-\w+\.ts`|the same \|$/, row);
});

test('each file that docs/security.md names is there', () => {
  const files = new Set(
    ['src', 'test']
      .flatMap((folder) => readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' }))
      .map((file) => basename(file)),
  );
  const named = [...text.matchAll(/`([\w/.-]+\.ts)`/g)].map(([, name = '']) => name);
  assert.ok(named.length > 10, 'it names its tests');
  for (const name of named)
    assert.ok(name.includes('/') ? existsSync(`${root}${name}`) : files.has(name), `${name} is not there`);
  for (const [, link = ''] of text.matchAll(/\]\((decisions\/[^)]+)\)/g))
    assert.ok(existsSync(`${root}docs/${link}`), `${link} is not there`);
});
