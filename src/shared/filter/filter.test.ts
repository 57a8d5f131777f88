import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { PacketRow } from '../contract/packet.ts';
import { completeFilter } from './complete-filter.ts';
import { fieldsOf } from './filter-expression.ts';
import type { FilterError } from './filter-expression.ts';
import { fieldNames } from './filter-fields.ts';
import { quoteValue } from './filter-lexer.ts';
import { packetRow } from './filter-samples.ts';
import { matchesFilter } from './matches-filter.ts';
import { oddTerms } from './odd-terms.ts';
import { parseFilter, usableFilter } from './parse-filter.ts';

function holds(text: string, over: Partial<PacketRow> = {}): boolean {
  const parsed = parseFilter(text);
  assert.ok(parsed.ok, `${text}: ${parsed.ok ? '' : parsed.error.message}`);
  return matchesFilter(parsed.value, packetRow(over));
}
function errorOf(text: string): FilterError {
  const parsed = parseFilter(text);
  assert.ok(!parsed.ok, `${text} was taken`);
  return parsed.error;
}

describe('what a filter lets through', () => {
  const yes = [
    '',
    'protocol == quic && kind == model_update && size > 1MB && round == 3',
    'protocol==QUIC and not (round < 3 or round > 3)',
    'kind in (ack, model_update)',
    'kind ~ UPDATE',
    '! status == timeout',
    'status != timeout',
    'size == 1MiB',
    'size >= 1024KiB && size < 1.1 MB',
    'gap >= 100ms && gap <= 0.1s',
    'duration != 5s',
    'time == 21:10 && time == 21:10:25 && time >= 21:10:25.499',
    'time != 21:11',
    'text ~ "000A91"',
    'a91 node-3',
    '"model_update"',
    'quic',
    'node-3 quinn',
    'node-3 chunk || model',
    'nan pro || model',
    'from == node-3 && to == coordinator',
    'from ~ NODE && to != node-3',
    'packet == 1',
    'direction == up && side == received && connection == 1 && chunk == 1/9',
    'round in (1, 2, 3)',
    'protocol == mqtt || protocol == quic && round == 3',
  ];
  const no = [
    'round == 4',
    'size > 1MiB',
    'gap > 5s',
    'duration < 5s',
    'nan',
    '!model_update',
    'not (round == 3)',
    'mqtt',
    'from == coordinator',
    'node-3 chunk',
    'nan pro',
    'time < 21:10:25',
    'protocol == mqtt && round == 3 || round == 9',
  ];
  for (const text of yes) test(`yes: ${text}`, () => assert.equal(holds(text), true));
  for (const text of no) test(`no: ${text}`, () => assert.equal(holds(text), false));

  test('a first packet has no gap, and a missing number differs from every number', () => {
    assert.equal(holds('gap > 0ms', { gapMs: null }), false);
    assert.equal(holds('gap != 0ms', { gapMs: null }), true);
  });
  test('says which fields it speaks of', () => {
    const parsed = parseFilter('gap > 5s || !(nan)');
    assert.ok(parsed.ok);
    assert.deepEqual([...fieldsOf(parsed.value)], ['gap', 'text']);
  });
});

describe('errors name the place and the likely fix', () => {
  const cases: readonly (readonly [string, string, string, RegExp])[] = [
    ['protocl == quic', 'protocl', 'protocol', /no field protocl\. Did you mean protocol/],
    ['protocol == quik', 'quik', 'quic', /never quik\. Did you mean quic/],
    ['round = 3', '=', '==', /== compares/],
    ['round == 3 & kind == ack', '&', '&&', /&& joins/],
    ['gap > 5 && round == 3', '5', '5s', /needs a unit/],
    ['size > 1MX && round == 3', '1MX', '1MB', /not a unit/],
    ['protocol > quic', '>', '==', /does not fit protocol/],
    ['round ~ 3', '~', '==', /does not fit round/],
    ['text == nan', '==', '~', /does not fit text/],
    ['round == 3 kind == ack', 'kind', '&& kind', /Put && or \|\|/],
    ['round == 3)', ')', '', /no \(/],
    ['kind in (ack model)', 'model', ', model', /comma/],
    ['round 3', 'round', 'round ==', /operator must follow/],
    ['kind contains model', 'kind contains', 'kind ~', /Write ~ for contains/],
    ['protocol is quic', 'protocol is', 'protocol ==', /Write == for is/],
    ['size gt 1MB', 'size gt', 'size >', /Write > for gt/],
    ['sender == node-3', 'sender', 'from', /no field sender\. Did you mean from/],
    ['tcp.port == 4433 && round == 3', 'tcp.port', 'peer', /Did you mean peer/],
  ];
  for (const [text, place, fix, message] of cases) {
    test(text, () => {
      const error = errorOf(text);
      assert.match(error.message, message);
      assert.equal(text.slice(error.from, error.to), place);
      assert.equal(error.fix, fix);
      assert.equal(error.unfinished, undefined);
    });
  }
  test('a fix fixes', () => {
    for (const [text, , fix] of cases) {
      const error = errorOf(text);
      const fixed = text.slice(0, error.from) + fix + text.slice(error.to);
      const again = parseFilter(fixed);
      assert.ok(again.ok, `${fixed}: ${again.ok ? '' : again.error.message}`);
    }
  });
});

test('lost packets are no packets, and a number without its unit is told of while it is typed', () => {
  assert.match(errorOf('loss > 1').message, /^There is no field loss: lost packets .* at their place/);
  const unit = errorOf('gap > 5');
  assert.match(unit.message, /^gap needs a unit: 5s, 5ms or 5min\.$/);
  assert.equal(unit.looksWhole, true);
  assert.notEqual(unit.unfinished, undefined);
  assert.equal(errorOf('gap >').looksWhole, undefined);
});

describe('what found nothing', () => {
  const known = {
    values: { kind: ['heartbeat', 'model_update'], participant: ['node-1', 'node-2'] },
    hints: {},
  };
  const notes = (text: string): readonly string[] => {
    const parsed = parseFilter(text);
    assert.ok(parsed.ok, text);
    return oddTerms(parsed.value, known);
  };
  test('a value that was never seen, with the nearest that was', () => {
    assert.deepEqual(notes('kind == banana'), ['No kind banana among the packets held here.']);
    assert.deepEqual(notes('kind == heart-beat'), [
      'No kind heart-beat among the packets held here: did you mean heartbeat?',
    ]);
    assert.deepEqual(notes('kind in (heartbeat, model_updat) && round == 3'), [
      'No kind model_updat among the packets held here: did you mean model_update?',
    ]);
  });
  test('patterns of other tools, and a part of an id', () => {
    assert.deepEqual(notes('participant == node-*'), [
      'There are no patterns, * is a letter: participant ~ node- looks for a part.',
    ]);
    assert.deepEqual(notes('text ~ /model/'), [
      'There are no patterns, / is a letter: text ~ model looks for it anywhere.',
    ]);
    assert.deepEqual(notes('message == 5'), ['message == takes a whole id: message ~ 5 looks for a part.']);
  });
  test('nothing is said of what is in order, negated or not known', () => {
    for (const text of [
      '',
      'kind == HEARTBEAT',
      'kind != banana',
      '!(kind == banana)',
      'stream == 9',
      'nan',
      'round == 3',
    ])
      assert.deepEqual(notes(text), [], text);
  });
});

describe('an unfinished filter keeps its last whole part', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['protocol == quic &&', 'protocol == quic'],
    ['protocol == quic && r', 'protocol == quic'],
    ['protocol == quic && round', 'protocol == quic'],
    ['protocol == quic && round ==', 'protocol == quic'],
    ['protocol == quic && text ~ "na', 'protocol == quic'],
    ['protocol == quic && size > 1M', 'protocol == quic'],
    ['protocol == quic && (kind == ack || round', 'protocol == quic'],
    ['protocol == quic && kind in (a, ', 'protocol == quic'],
    ['protocol == quic |', 'protocol == quic'],
    ['protocol == quic && kind |', 'protocol == quic'],
    ['(protocol == quic', ''],
    ['proto', ''],
    ['!', ''],
  ];
  for (const [text, kept] of cases) {
    test(text, () => {
      assert.notEqual(errorOf(text).unfinished, undefined);
      assert.equal(usableFilter(text)?.text.trimEnd(), kept);
    });
  }
});

describe('completion', () => {
  const known = {
    values: { kind: ['ack', 'model_update'], participant: ['node 1'] },
    hints: { round: 'number, 1 to 7' },
  };
  const labels = (text: string): string[] => completeFilter(text, text.length, known).map((item) => item.label);
  test('of fields by their beginning', () => {
    assert.deepEqual(labels('protocol == quic && r'), ['round', 'reply_to']);
    assert.equal(completeFilter('r', 1, known)[0]?.hint, 'number, 1 to 7');
  });
  test('of operators, values, lists and connectives', () => {
    assert.deepEqual(labels('round '), ['==', '>', '<', '>=', '<=', '!=', 'in']);
    assert.deepEqual(labels('kind == m'), ['model_update']);
    assert.deepEqual(labels('kind in (ack, '), ['ack', 'model_update']);
    assert.deepEqual(labels('kind == ack '), ['&&', '||']);
    assert.equal(completeFilter('participant == ', 15, known)[0]?.insert, '"node 1" ');
  });
  test('replaces the whole word at the caret', () => {
    const found = completeFilter('proxx == quic', 3, known)[0];
    assert.deepEqual([found?.label, found?.from, found?.to], ['protocol', 0, 5]);
  });
});

describe('whatever is typed', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ...fieldNames,
      '==',
      '!=',
      '<',
      '~',
      '&&',
      '||',
      '!',
      '(',
      ')',
      ',',
      'in',
      'and',
      'or',
      'not',
      '"',
      "'",
      ' ',
      '1MB',
      '5s',
      '21:10',
      '\\',
    ),
    fc.string({ maxLength: 6 }),
  );
  const text = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(' '));
  test('neither parsing nor completing nor matching throws, and an error lies in the text', () => {
    fc.assert(
      fc.property(text, fc.nat(200), (input, caret) => {
        const parsed = parseFilter(input);
        completeFilter(input, Math.min(caret, input.length), { values: {}, hints: {} });
        if (parsed.ok) matchesFilter(parsed.value, packetRow());
        else
          assert.ok(parsed.error.from >= 0 && parsed.error.from <= parsed.error.to && parsed.error.to <= input.length);
        const usable = usableFilter(input);
        if (usable !== null)
          assert.deepEqual(
            parseFilter(usable.text),
            { ok: true, value: usable.expression },
            'the kept part reads by itself',
          );
      }),
      { numRuns: 2000 },
    );
  });
  test('a quoted value reads back as itself', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom('and', 'Or', 'NOT', 'in'), fc.string({ minLength: 1, maxLength: 40 })),
        (value) => {
          assert.equal(holds(`participant == ${quoteValue(value)}`, { participant: value }), true);
        },
      ),
    );
  });
  test('depth and length are bounded', () => {
    assert.match(errorOf('('.repeat(900)).message, /within each other/);
    assert.match(errorOf('!'.repeat(900)).message, /within each other/);
    assert.match(errorOf('a'.repeat(1001)).message, /longer than/);
  });
});
