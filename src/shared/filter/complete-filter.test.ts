import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { completeFilter, type KnownValues, type Suggestion } from './complete-filter.ts';
import { fieldNames } from './filter-fields.ts';

const nothingKnown: KnownValues = { values: {}, hints: {} };

/** The last `|` in `text` is the caret. */
function suggestions(text: string, known = nothingKnown): readonly Suggestion[] {
  const caret = text.lastIndexOf('|');
  return completeFilter(text.slice(0, caret) + text.slice(caret + 1), caret, known);
}

function labels(text: string, known?: KnownValues): readonly string[] {
  return suggestions(text, known).map(({ label }) => label);
}

describe('what could stand at the caret', () => {
  const fieldsAtFirst = fieldNames.slice(0, 10);
  const joins = ['&&', '||'];
  const known: KnownValues = { values: { kind: ['ack', 'chunk'], participant: ['ack', 'chunk'] }, hints: {} };
  const cases: Readonly<Record<string, readonly string[]>> = {
    '|': fieldsAtFirst,
    'nan && |': fieldsAtFirst,
    'nan or |': fieldsAtFirst,
    'not |': fieldsAtFirst,
    '(|': fieldsAtFirst,
    'round == 3 && (|': fieldsAtFirst,
    's|': ['size', 'side', 'status', 'source', 'stack', 'stream'],
    'd|': ['direction', 'duration', 'dds.topic', 'dds.lane', 'dds.transfer'],
    'od|': ['body', 'grpc.method'],
    'round |': ['==', '>', '<', '>=', '<=', '!=', 'in'],
    '(round |': ['==', '>', '<', '>=', '<=', '!=', 'in'],
    '!text |': ['~', '!~', 'contains'],
    'nan && kind |': ['==', '~', '!=', 'in', 'contains', '!~'],
    'direction contains |': ['up', 'down'],
    'la|': ['layer', 'last', 'mqtt.lane', 'amqp.lane', 'dds.lane'],
    'nan || protocol |': ['==', '!=', 'in'],
    'time |': ['>', '<', '>=', '<=', '==', '!='],
    'nan round |': joins,
    '"round" |': joins,
    'nosuch |': joins,
    'round == 3 |': joins,
    '(round == 3) |': joins,
    'round == 3 n|': [],
    'direction == |': ['up', 'down'],
    'direction == u|': ['up'],
    'direction == up|': [],
    'direction == OW|': ['down'],
    'direction == "u|': ['up'],
    'nosuch == |': [],
    '== |': [],
    'participant in (|': ['ack', 'chunk'],
    'participant in (ack, c|': ['chunk'],
    'kind in (ack, ch|': ['chunk', 'challenge'],
    'kind in (ack |': [],
    'kind in (ack) |': joins,
    'nosuch in (|': fieldsAtFirst,
    'kind == ack &|': [],
    'kind ~ /a/|': [],
    'kind ~ /a/ |': joins,
    'round =|': [],
  };
  for (const [text, expected] of Object.entries(cases))
    test(text, () => assert.deepEqual(labels(text, known), expected));
});

test('a suggestion says what it writes, where, and how much of it is there', () => {
  assert.deepEqual(suggestions('nan && roun|'), [
    { insert: 'round ', label: 'round', hint: 'number', typed: 4, from: 7, to: 11 },
  ]);
  assert.deepEqual(suggestions('ki|nd == ack')[0], {
    insert: 'kind ',
    label: 'kind',
    hint: 'kind of message or frame',
    typed: 2,
    from: 0,
    to: 4,
  });
  assert.deepEqual(suggestions('nan && |round')[0]?.to, 7, 'nothing typed, nothing replaced');
  assert.deepEqual(suggestions('od|')[0], {
    insert: 'body ',
    label: 'body',
    hint: 'bytes of the body, 64KiB',
    typed: 0,
    from: 0,
    to: 2,
  });
  assert.deepEqual(suggestions('round i|'), [
    { insert: 'in (', label: 'in', hint: 'is one of ( , )', typed: 1, from: 6, to: 7 },
  ]);
  assert.deepEqual(suggestions('text |'), [
    { insert: '~ ', label: '~', hint: 'has this, or /a pattern/', typed: 0, from: 5, to: 5 },
    { insert: '!~ ', label: '!~', hint: 'has not', typed: 0, from: 5, to: 5 },
    { insert: 'contains ', label: 'contains', hint: 'has these letters', typed: 0, from: 5, to: 5 },
  ]);
  assert.deepEqual(
    suggestions('nan |').map(({ insert, hint }) => [insert, hint]),
    [
      ['&& ', 'and'],
      ['|| ', 'or'],
    ],
  );
  assert.deepEqual(suggestions('direction == "u|p"')[0], {
    insert: 'up ',
    label: 'up',
    hint: '',
    typed: 1,
    from: 13,
    to: 15,
  });
});

test('what was seen comes first, and the rest says that it was not', () => {
  const known: KnownValues = { values: { direction: ['down'] }, hints: { direction: 'one of two' } };
  assert.deepEqual(
    suggestions('direction == |', known).map(({ label, hint }) => [label, hint]),
    [
      ['down', ''],
      ['up', 'not seen yet'],
    ],
  );
  assert.equal(suggestions('dire|', known)[0]?.hint, 'one of two');
  const many = { values: { participant: Array.from({ length: 12 }, (_, i) => `node ${i}`) }, hints: {} };
  const found = suggestions('participant == |', many);
  assert.equal(found.length, 10);
  assert.equal(found[0]?.insert, '"node 0" ');
  assert.deepEqual(labels('participant == "node 1|', many), ['node 1', 'node 10', 'node 11']);
});

test('beginnings come before what only contains the letters', () => {
  const known: KnownValues = { values: { participant: ['run_plan', 'plan', 'planned'] }, hints: {} };
  assert.deepEqual(
    suggestions('participant == pla|', known).map(({ label, typed }) => [label, typed]),
    [
      ['plan', 3],
      ['planned', 3],
      ['run_plan', 0],
    ],
  );
  assert.deepEqual(labels('participant == p|', known), ['plan', 'planned'], 'one letter is contained in too much');
  assert.deepEqual(
    labels('participant == PLAN|', known),
    ['plan', 'planned', 'run_plan'],
    'it could still become longer',
  );
});
