import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mapClasses, type ChosenClass } from './class-mapping.ts';
import { fitClasses } from './fit-classes.ts';

const run = ['angry', 'happy', 'sad', 'surprise', 'caf\u00e9'];

describe('classes by name', () => {
  const table: readonly (readonly [own: string, to: string | null, guess: string | null, why: RegExp])[] = [
    ['happy', 'happy', null, /^same name$/],
    ['Happy', null, 'happy', /capital letters/],
    ['HAPPY', null, 'happy', /capital letters/],
    [' happy', null, 'happy', /blanks/],
    ['sur_prise', null, 'surprise', /blanks/],
    ['Sur Prise', null, 'surprise', /capital letters, blanks/],
    ['cafe\u0301', null, 'caf\u00e9', /Unicode form/],
    ['CAFE\u0301', null, 'caf\u00e9', /capital letters/],
    ['\uff48appy', null, 'happy', /form of its letters/],
    ['happy\u200b', null, 'happy', /blanks/],
    ['suprise', null, 'surprise', /spelled a little differently/],
    ['hapy', null, 'happy', /spelled a little differently/],
    ['dogs', null, null, /no class of the run/],
    ['0', null, null, /no class of the run/],
    ['', null, null, /no class of the run/],
  ];
  for (const [own, to, guess, why] of table) {
    test(`"${own}" is ${to ?? `unknown, perhaps ${guess ?? 'nothing'}`}`, () => {
      const [mapped] = mapClasses([own], run).classes;
      assert.deepEqual([mapped?.to, mapped?.guess], [to, guess]);
      assert.match(mapped?.why ?? '', why);
    });
  }

  test('nothing is guessed where several classes fit alike', () => {
    const [mapped] = mapClasses(['HAPPY'], ['happy', 'Happy']).classes;
    assert.deepEqual([mapped?.to, mapped?.guess, mapped?.how], [null, null, 'unknown']);
    assert.equal(mapClasses(['Happy'], ['happy', 'Happy']).classes[0]?.to, 'Happy', 'the exact name first');
  });

  test('numbers that differ by one digit are no slips of the hand', () => {
    for (const own of ['4', '7', '12'])
      assert.equal(mapClasses([own], ['0', '1', '2', '3']).classes[0]?.guess, null, own);
  });

  const chosen: readonly (readonly [
    what: string,
    chosen: ChosenClass[],
    expected: (string | null)[],
    fault?: RegExp,
  ])[] = [
    ['one that is said to be another', [{ from: 'Happy', to: 'happy' }], ['happy', null]],
    ['one that is left out', [{ from: 'junk', to: null }], [null, null]],
    [
      'two that are the same',
      [
        { from: 'Happy', to: 'sad' },
        { from: 'junk', to: 'sad' },
      ],
      ['sad', 'sad'],
    ],
    [
      'none of the data',
      [{ from: 'Hapy', to: 'happy' }],
      [null, null],
      /no such class: Happy, junk. Did you mean "Happy"\?/,
    ],
    ['none of the run', [{ from: 'Happy', to: 'hapy' }], [null, null], /no class of the run: .*Did you mean "happy"\?/],
    [
      'both ways',
      [
        { from: 'Happy', to: 'sad' },
        { from: 'Happy', to: null },
      ],
      ['sad', null],
      /mapped twice/,
    ],
  ];
  for (const [what, mapping, expected, fault] of chosen) {
    test(`chosen: ${what}`, () => {
      const { classes, faults } = mapClasses(['Happy', 'junk'], run, mapping);
      assert.deepEqual(
        classes.map(({ to }) => to),
        expected,
      );
      if (fault === undefined) assert.deepEqual(faults, []);
      else assert.match(faults[0] ?? '', fault);
    });
  }

  test('a name of the other Unicode form is found where it is the only one', () => {
    const { classes } = mapClasses(['cafe\u0301'], run, [{ from: 'caf\u00e9', to: 'cafe\u0301' }]);
    assert.equal(classes[0]?.to, 'caf\u00e9');
  });
});

describe('fitting classes', () => {
  test('labels are places in the list of the run', () => {
    const { labels, classes } = fitClasses('mine', ['sad', 'angry'], run);
    assert.deepEqual([labels, classes], [[2, 0], run]);
  });

  test('unknown ones are refused with both lists, what is likely meant and how to say it', () => {
    assert.throws(() => fitClasses('mine', ['Happy', 'junk', 'sad'], run), {
      code: 'classes_unknown',
      layer: 'data',
      message:
        /"Happy" \(did you mean "happy"\? same but for capital letters\), "junk"\. The run's classes: angry, happy, .* The data's: Happy, junk, sad\.$/,
      context: { unknown: 2, option: "--map 'Happy=happy' (nothing behind = leaves one out)" },
    });
    // A proposal to leave out everything would be followed.
    assert.throws(() => fitClasses('mine', ['c,0', 'c1'], run), {
      code: 'classes_unknown',
      context: { unknown: 2, option: "--map 'c\\,0=CLASS,...' (nothing behind = leaves one out)" },
    });
  });

  test('an unknown one without images can teach nothing wrong, and is left out', () => {
    const { labels } = fitClasses('mine', ['docs', 'sad'], run, { isEmpty: (name) => name === 'docs' });
    assert.deepEqual(labels, [null, 2]);
  });

  test('data of which nothing would be left is refused', () => {
    assert.throws(() => fitClasses('mine', ['junk'], run, { chosen: [{ from: 'junk', to: null }] }), {
      code: 'data_invalid',
      message: /everything in it would be left out/,
    });
  });
});
