import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseFilter, usableFilter } from './parse-filter.ts';

/** Message, the stretch it means, what to write instead, and what is kept of a text that only stops too early. */
type Told = readonly [message: string, place: string, fix?: string | undefined, kept?: string | undefined];

function told(text: string): Told {
  const parsed = parseFilter(text);
  assert.ok(!parsed.ok, `${text} was taken`);
  const { message, from, to, fix, unfinished } = parsed.error;
  const place = text.slice(from, to);
  if (unfinished !== undefined) return [message, place, fix, usableFilter(text)?.text];
  return fix === undefined ? [message, place] : [message, place, fix];
}

function tellsEach(cases: Readonly<Record<string, Told>>): void {
  for (const [text, expected] of Object.entries(cases)) test(text, () => assert.deepEqual(told(text), expected));
}

describe('marks and quotes', () => {
  tellsEach({
    'round = 3': ['One = means nothing here; == compares.', '=', '=='],
    'kind == ack | nan': ['One | means nothing here; || joins two conditions.', '|', '||'],
    'round == 3 &': ['One & means nothing here; && joins two conditions.', '&', '&&', 'round == 3 '],
    '"na': ['The quoted text has no closing ".', '"na', '"na"', ''],
    "nan 'it": ["The quoted text has no closing '.", "'it", "'it'", 'nan '],
    'nan "a\\': ['The quoted text has no closing ".', '"a\\', '"a\\"', 'nan '],
  });
  test('a backslash in quotes takes the next letter as it is', () => {
    const parsed = parseFilter(String.raw`participant == "a \"b\" \\ 'c'"`);
    assert.deepEqual(parsed.ok && parsed.value, {
      kind: 'text',
      field: 'participant',
      operator: '==',
      value: String.raw`a "b" \ 'c'`,
    });
  });
});

describe('conditions', () => {
  const noOperator = (field: string, example: string): string =>
    `An operator must follow ${field}, such as ${example} …; write "${field}" to search for the word.`;
  const begins = (text: string): string => `This begins the name of a field; write "${text}" to search for it.`;
  const noCondition = (text: string): string => `A condition must stand before ${text}, such as round == 3.`;
  const nothingFollows = 'The filter stops after a connective: a condition must follow.';
  tellsEach({
    round: [noOperator('round', 'round =='), 'round', undefined, ''],
    'nan && text': [noOperator('text', 'text ~'), 'text', undefined, 'nan '],
    'size && nan': [noOperator('size', 'size >'), 'size', '"size"'],
    'round "x"': [noOperator('round', 'round =='), 'round', 'round =='],
    'round (': [noOperator('round', 'round =='), 'round', '"round"'],
    'kind in nan': [noOperator('kind', 'kind =='), 'kind', 'kind =='],
    ro: [begins('ro'), 'ro', undefined, ''],
    'nan || RO': [begins('RO'), 'RO', undefined, 'nan '],
    'zzzzzzzzzz == 1': [
      'There is no field zzzzzzzzzz. The fields are protocol, kind, participant, from, to, round, size, direction and others.',
      'zzzzzzzzzz',
    ],
    ')': [noCondition(')'), ')'],
    '== 3': [noCondition('=='), '=='],
    'round == 3 && == 4': [noCondition('=='), '=='],
    'nan )': ['This ) has no ( before it.', ')', ''],
    'round == && nan': ['A value must follow ==, not &&.', '&&'],
    'round == (': ['A value must follow ==, not (.', '('],
    'round ==': ['A value must follow round ==.', '==', undefined, ''],
    'nan || ': [nothingFollows, '|| ', undefined, 'nan '],
    '!(': [nothingFollows, '(', undefined, ''],
    'nan && (kind == ack': ['The ( is not closed yet.', 'ack', undefined, 'nan '],
    'nan && (kind == ack) && (': [nothingFollows, '(', undefined, 'nan && (kind == ack) '],
    'round == 3 round': ['Put && or || before round.', 'round', '&& round'],
    'round == 3 "a \\" b"': ['Put && or || before "a \\" b".', '"a \\" b"', '&& "a \\" b"'],
    'round == 3 (nan)': ['Put && or || before (.', '(', '&& ('],
    'round == 3 !nan': ['Put && or || before !.', '!', '&& !'],
    'nan, b': ['Put && or || before ,.', ','],
    'round == 3 == 4': ['Put && or || before ==.', '=='],
    '(round == 3 kind == a)': ['Put && or || before kind, or close the ( first.', 'kind', '&& kind'],
    '(round == 3 , 4)': ['Put && or || before ,, or close the ( first.', ','],
  });
  test('a letter is searched for where more follows it, and a field in quotes', () => {
    const values = (text: string): unknown => {
      const parsed = parseFilter(text);
      return parsed.ok && parsed.value;
    };
    const search = (value: string): object => ({ kind: 'search', value });
    assert.deepEqual(values('r '), search('r'));
    assert.deepEqual(values('"round"'), search('round'));
    assert.deepEqual(values('r "Round" zz'), { kind: 'and', terms: [search('r'), search('round'), search('zz')] });
    assert.deepEqual(values('a1 || b1 && !c1 d1 || e1 '), {
      kind: 'or',
      terms: [
        search('a1'),
        {
          kind: 'and',
          terms: [search('b1'), { kind: 'not', term: { kind: 'and', terms: [search('c1'), search('d1')] } }],
        },
        search('e1'),
      ],
    });
    assert.deepEqual(values('(( nan ))'), search('nan'));
  });
  test('32 within each other, not 33', () => {
    assert.ok(parseFilter(`${'!'.repeat(32)}nan`).ok);
    assert.ok(parseFilter(`${'('.repeat(32)}nan${')'.repeat(32)}`).ok);
    assert.ok(parseFilter(`${'(nan) && '.repeat(33)}nan`).ok, 'beside each other is not within each other');
    const tooDeep = 'More than 32 conditions within each other: write it flatter.';
    assert.deepEqual(told(`${'!'.repeat(33)}nan`), [tooDeep, '!']);
    assert.deepEqual(told(`${'('.repeat(33)}nan`), [tooDeep, '(']);
  });
  test('1000 characters, not 1001', () => {
    assert.ok(parseFilter('z'.repeat(1000)).ok);
    assert.deepEqual(told('z'.repeat(1001)), ['The filter is longer than 1000 characters.', 'z']);
  });
});

describe('lists', () => {
  const open = 'The list after kind in ( is not closed yet.';
  tellsEach({
    'nan || kind in (': [open, '(', undefined, 'nan '],
    'nan || kind in (a': [open, 'a', undefined, 'nan '],
    'nan || kind in (a,': [open, ',', undefined, 'nan '],
    'kind in ()': ['A value must stand here, not ).', ')'],
    'kind in (a, ,': ['A value must stand here, not ,.', ','],
    'kind in (a b)': ['Put a comma before b.', 'b', ', b'],
    'kind in (a "b c")': ['Put a comma before "b c".', '"b c"', ', "b c"'],
    'kind in (a == b)': ['Put a comma before ==.', '=='],
    'in (a)': ['Put && or || before (.', '(', '&& ('],
    'protocol in (quic, quik)': ['protocol is never quik. Did you mean quic?', 'quik', 'quic'],
    'text in (a)': ['in does not fit text, which looks into several columns: use ~ !~ contains.', 'in', '~'],
  });
  test('of numbers too, with their units apart', () => {
    const parsed = parseFilter('size IN (1, 2 MB, "3")');
    const equal = (value: number): object => ({ kind: 'number', field: 'size', operator: '==', value });
    assert.deepEqual(parsed.ok && parsed.value, { kind: 'or', terms: [equal(1), equal(2e6), equal(3)] });
  });
});

describe('values', () => {
  const noTime = (text: string): string => `${text} is not a time of day such as 21:10:00 or 21:10:00.250.`;
  const noUnit = (unit: string): string => `${unit} is not a unit of size: use B, kB, MB, GB, KiB, MiB.`;
  tellsEach({
    'protocol == zzzzzzzz': [
      'protocol is never zzzzzzzz. It is one of quic, mqtt, amqp, grpc, dds, memory.',
      'zzzzzzzz',
    ],
    'protocol > quic': ['> does not fit protocol, which is text: use == != in.', '>', '=='],
    'kind < ack': ['< does not fit kind, which is text: use == ~ != in contains !~.', '<', '=='],
    'round ~ 3': ['~ does not fit round, which is a number: use == > < >= <= != in.', '~', '=='],
    'round == 3 s': ['round is a plain number, without s.', '3 s', '3'],
    'size > 1.5.2 MB': ['size is compared with a number such as 1MB, not with 1.5.2MB.', '1.5.2 MB'],
    'size > 1MX': [noUnit('MX'), '1MX', '1MB'],
    'size > 1M': [noUnit('M'), '1M', '1MB', ''],
    'size > 1M ': [noUnit('M'), '1M', '1MB'],
    'size > 1zz': [noUnit('zz'), '1zz'],
    'gap > 5': ['gap needs a unit: 5s, 5ms or 5min.', '5', '5s', ''],
    'gap > 5 && nan': ['gap needs a unit: 5s, 5ms or 5min.', '5', '5s'],
    'gap > 5d': ['d is not a unit of gap: use us, ms, s, min, h.', '5d', '5s'],
    'last 5': ['last needs a unit: 5s, 5ms or 5min.', '5', '5s', ''],
    'last 5x && nan': ['x is not a unit of last: use us, ms, s, min, h.', '5x', '5s'],
    'round 3..x': ['round is compared with a number such as 3, not with x.', 'x'],
    'round ..': ['A range has a number before or after its dots: 3..5, 3.. or ..5.', '..', undefined, ''],
    'round > 3..5': ['A range such as 3..5 goes with == and in.', '3..5'],
    'time > 2026-02-31': [
      '2026-02-31 is not a moment such as 2026-12-01 or 2026-12-01T21:10:00.',
      '2026-02-31',
      undefined,
      '',
    ],
    'time > 2026-02-31 && nan': ['2026-02-31 is not a moment such as 2026-12-01 or 2026-12-01T21:10:00.', '2026-02-31'],
    'kind == ban* && nan': [
      'kind is never ban*. It is one of run_plan, register, admission, welcome, training_config, global_model and others; kind ~ "ban*" looks for a part of it.',
      'ban*',
    ],
    'protocol == m*x': ['protocol is never m*x. It is one of quic, mqtt, amqp, grpc, dds, memory.', 'm*x'],
    'stream ~ /a(b/': ['This ( of the pattern is not closed.', '('],
    'stream ~ /a(b': ['The pattern has no closing /; in quotes, / is a letter.', '/a(b', '/a(b/', ''],
    'kind contains': ['A value must follow kind contains.', 'contains', undefined, ''],

    'gap > 5 mi': ['Put && or || before mi.', 'mi', '&& mi'],
    'gap > ""': ['gap is compared with a number such as 5s, not with nothing.', '""'],
    'round > x': ['round is compared with a number such as 3, not with x.', 'x'],
    'time > 21': [noTime('21'), '21', undefined, ''],
    'time > 2:': [noTime('2:'), '2:', undefined, ''],
    'time > 21:10:2': [noTime('21:10:2'), '21:10:2', undefined, ''],
    'time > 21:10:25.': [noTime('21:10:25.'), '21:10:25.', undefined, ''],
    'time > 21:10:25. ': [noTime('21:10:25.'), '21:10:25.'],
    'time > x21': [noTime('x21'), 'x21'],
    'time > 21x': [noTime('21x'), '21x'],
    'time > 21:60 && nan': [noTime('21:60'), '21:60'],
    'time ~ 21:10': ['~ does not fit time, which is a number: use > < >= <= == !=.', '~', '>'],
  });
  test('units, alone or apart', () => {
    const value = (text: string): unknown => {
      const parsed = parseFilter(text);
      return parsed.ok && parsed.value.kind === 'number' ? parsed.value.value : parsed;
    };
    const sizes = ['1', '1B', '1 kB', '1.5MB', '2gb', '1KiB', '1 mib', '1GiB', '.5kb', '2.kb'];
    assert.deepEqual(
      sizes.map((size) => value(`size > ${size}`)),
      [1, 1, 1e3, 1.5e6, 2e9, 1024, 2 ** 20, 2 ** 30, 500, 2000],
    );
    assert.deepEqual(
      ['7ms', '7 s', '.5MIN'].map((span) => value(`gap > ${span}`)),
      [7, 7000, 30_000],
    );
  });
  test('a moment is its minute, second, tenth, hundredth or thousandth', () => {
    const span = (text: string): unknown => {
      const parsed = parseFilter(`time == ${text}`);
      if (!parsed.ok || parsed.value.kind !== 'and') return parsed;
      const [from, to] = parsed.value.terms;
      return from?.kind === 'number' && to?.kind === 'number' && [from.operator, from.value, to.operator, to.value];
    };
    assert.deepEqual(span('00:00'), ['>=', 0, '<', 60_000]);
    assert.deepEqual(span('1:02:03'), ['>=', 3_723_000, '<', 3_724_000]);
    assert.deepEqual(span('01:02:03.5'), ['>=', 3_723_500, '<', 3_723_600]);
    assert.deepEqual(span('01:02:03.05'), ['>=', 3_723_050, '<', 3_723_060]);
    assert.deepEqual(span('01:02:03.005'), ['>=', 3_723_005, '<', 3_723_006]);
    assert.deepEqual(span('23:59:59.999'), ['>=', 86_399_999, '<', 86_400_000]);
    for (const text of ['24:00', '23:60', '23:59:60', '1:2', '123:00', '1:02:03.0005'])
      assert.equal(parseFilter(`time == ${text} && nan`).ok, false, text);
  });
});
