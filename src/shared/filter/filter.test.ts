import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { PacketRow } from '../contract/packet.ts';
import { absoluteText, movesOn } from './absolute-text.ts';
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
    'about == model && part == 1 && parts > 8 && quic.stream == 16',
    'node-3 quinn',
    'node-3 chunk || model',
    'nan pro || model',
    'from == node-3 && to == coordinator',
    'from ~ NODE && to != node-3',
    'packet == 1',
    'direction == up && side == received && connection == 1 && chunk == 1/9',
    'round in (1, 2, 3)',
    'round 3..5 && round 3.. && round ..3 && size 1MB..2MB',
    'round in (1, 3..4)',
    'participant == node-*',
    'participant in (lab-?, node-?)',
    'participant != lab-*',
    'kind contains UPDATE',
    'kind !~ chunk && text !~ chunk',
    'kind ~ /^model_(update|ack)$/',
    'text ~ /node-[0-9]/i',
    'stream !~ /^[a-z]/',
    'message ~ /m-0+a9\\d/ && (kind ~ /model/)',
    'time >= 2026-01-02 && time == 2026-01-02 && time == "2026-01-02 21:10" && time < 2026-01-02T21:10:25.500',
    'time 21:10..21:10 && time 2026-01-01..2026-01-02',
    'gap > 99999us && gap < 1m && gap < 1h',
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
    'round 4..',
    'participant == "node-*"',
    'participant contains *',
    'kind ~ /^update/',
    'kind !~ update',
    'time == 2026-01-02T21:11',
    'time 2026-01-03..',
    'size 2MB..',
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
    ['kind == heart-beat && round == 3', 'heart-beat', 'heartbeat', /never heart-beat\. Did you mean heartbeat/],
    ['mqtt.topics ~ up', 'mqtt.topics', 'mqtt.topic', /no field mqtt\.topics\. Did you mean mqtt\.topic/],
    ['method == upload', 'method', 'grpc.method', /Did you mean grpc\.method/],
    ['round = 3', '=', '==', /== compares/],
    ['round == 3 & kind == ack', '&', '&&', /&& joins/],
    ['gap > 5 && round == 3', '5', '5s', /needs a unit/],
    ['size > 1MX && round == 3', '1MX', '1MB', /not a unit/],
    ['protocol > quic', '>', '==', /does not fit protocol/],
    ['round ~ 3', '~', '==', /does not fit round/],
    ['text == nan', '==', '~', /does not fit text/],
    ['round == 3 kind == ack', 'kind', '&& kind', /Put && or \|\|/],
    ['round == 3)', ')', '', /no \(/],
    ['kind in (ack model_update)', 'model_update', ', model_update', /comma/],
    ['round 3', 'round', 'round ==', /operator must follow/],
    ['kind matches model', 'kind matches', 'kind ~', /Write ~ for matches/],
    ['kind has model', 'kind has', 'kind contains', /Write contains for has/],
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
    assert.deepEqual(notes('participant == banana'), ['No participant banana among the packets held here.']);
    assert.deepEqual(notes('participant == node1'), [
      'No participant node1 among the packets held here: did you mean node-1?',
    ]);
    assert.deepEqual(notes('kind in (heartbeat, global_model) && round == 3'), [
      'No kind global_model among the packets held here.',
    ]);
  });
  test('patterns of other tools, and a part of an id', () => {
    assert.deepEqual(notes('participant == "node-*"'), [
      'In quotes and after contains, * is a letter: without them it stands for any letters.',
    ]);
    assert.deepEqual(notes('text ~ "/model/"'), [
      'Here / is a letter: text ~ /model/, without quotes, looks for the pattern.',
    ]);
    assert.deepEqual(notes('stream ~ a%b'), ['% is a letter: * stands for any letters, as in stream ~ a*b']);
    assert.deepEqual(notes('participant == lab-*'), ['No participant among the packets held here fits this pattern.']);
    assert.deepEqual(notes('participant == node-*'), []);
    assert.deepEqual(notes('message == 5'), ['message == takes a whole id: message ~ 5 looks for a part.']);
  });
  test('nothing is said of what is in order, negated or not known', () => {
    for (const text of [
      '',
      'kind == HEARTBEAT',
      'kind != register',
      '!(kind == register)',
      'stream == 9',
      'nan',
      'round == 3',
    ])
      assert.deepEqual(notes(text), [], text);
  });
});

describe('a span of time before the newest packet, or after the start', () => {
  const newestAt = Date.UTC(2026, 0, 2, 12);
  const ends = { startedAt: newestAt - 3_600_000, newestAt };
  const cases: readonly (readonly [string, string])[] = [
    ['last 5m', 'time >= 2026-01-02T11:55:00.000Z'],
    ['last 5 min && round == 3', 'time >= 2026-01-02T11:55:00.000Z && round == 3'],
    ['!(last 30s) || first 1h', '!(time >= 2026-01-02T11:59:30.000Z) || time <= 2026-01-02T12:00:00.000Z'],
    ['last update', 'last update'],
    ['stream == last && last 1s', 'stream == last && time >= 2026-01-02T11:59:59.000Z'],
    ['"last 5m"', '"last 5m"'],
    ['last 5', 'last 5'],
  ];
  for (const [text, expected] of cases) test(text, () => assert.equal(absoluteText(text, ends), expected));
  test('lets through what is within it', () => {
    const passes = (text: string, at: number): boolean => holds(absoluteText(text, ends), { at });
    assert.deepEqual([passes('last 5m', newestAt - 299_000), passes('last 5m', newestAt - 301_000)], [true, false]);
    assert.deepEqual([passes('first 1m', ends.startedAt), passes('first 1m', ends.startedAt + 61_000)], [true, false]);
    assert.deepEqual(
      [movesOn('round == 3 && last 5m'), movesOn('first 5m'), movesOn('last update')],
      [true, false, false],
    );
    assert.throws(() => holds('last 5m'), /resolved/);
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
    assert.deepEqual(labels('protocol == quic && r'), ['round', 'reply_to', 'rtt']);
    assert.deepEqual(labels('mqtt.'), ['mqtt.topic', 'mqtt.session', 'mqtt.lane', 'mqtt.transfer']);
    assert.deepEqual(labels('grpc.method == '), ['session', 'upload', 'download']);
    assert.equal(completeFilter('r', 1, known)[0]?.hint, 'number, 1 to 7');
  });
  test('of operators, values, lists and connectives', () => {
    assert.deepEqual(labels('round '), ['==', '>', '<', '>=', '<=', '!=', 'in']);
    assert.deepEqual(labels('kind == m'), ['model_update', 'model_graph', 'message', 'malformed']);
    assert.deepEqual(labels('kind in (ack, ').slice(0, 3), ['model_update', 'ack', 'run_plan']);
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
      '!~',
      'contains',
      'last',
      'first',
      'last 99999999999999h',
      'first 5 m',
      'node-*',
      '/a(b|c)+/',
      '/[',
      '3..5',
      '2026-12-01',
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
        const absolute = parseFilter(absoluteText(input, { startedAt: 0, newestAt: 1e12 }));
        assert.equal(absolute.ok, parsed.ok, 'what stands for a span of time reads as well');
        if (absolute.ok) matchesFilter(absolute.value, packetRow());
        if (parsed.ok) fieldsOf(parsed.value);
        else
          assert.ok(parsed.error.from >= 0 && parsed.error.from <= parsed.error.to && parsed.error.to <= input.length);
        const usable = usableFilter(input);
        if (usable !== null) {
          const shown = parseFilter(absoluteText(usable.text, { startedAt: 0, newestAt: 1e12 }));
          assert.ok(shown.ok);
          matchesFilter(shown.value, packetRow());
        }
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
