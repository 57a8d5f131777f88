import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMaps } from './map-option.ts';

const good: Readonly<Record<string, { readonly given: string[]; readonly read: [string, string | null][] }>> = {
  nothing: { given: [], read: [] },
  'one pair': { given: ['Happy=happy'], read: [['Happy', 'happy']] },
  'several, in one word and in two': {
    given: ['Happy=happy,suprise=surprise', 'junk='],
    read: [
      ['Happy', 'happy'],
      ['suprise', 'surprise'],
      ['junk', null],
    ],
  },
  'signs that are part of a name': {
    given: ['a\\,b\\=c\\\\=d e'],
    read: [['a,b=c\\', 'd e']],
  },
};
for (const [what, { given, read }] of Object.entries(good))
  test(`--map: ${what}`, () => {
    const parsed = parseMaps(given);
    assert.deepEqual(parsed.ok && parsed.value.map(({ from, to }) => [from, to]), read);
  });

for (const given of ['Happy', '=happy', 'a=b=c', 'a=b,', '', `${'x'.repeat(81)}=y`])
  test(`--map: "${given.slice(0, 10)}" is refused with how to write it`, () => {
    const parsed = parseMaps([given]);
    assert.match(parsed.ok ? '' : parsed.error, /^--map /);
  });
