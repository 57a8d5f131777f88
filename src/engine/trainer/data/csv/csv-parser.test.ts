import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '#shared/base/random.ts';
import { CsvFault, CsvParser, type CsvRecord } from './csv-parser.ts';

function parse(...pieces: readonly string[]): CsvRecord[] {
  const parser = new CsvParser();
  return [...pieces.flatMap((piece) => parser.push(piece)), ...parser.end()];
}

const fieldsOf = (...pieces: readonly string[]): (readonly string[])[] => parse(...pieces).map(({ fields }) => fields);

describe('a table as text', () => {
  test('line ends of all systems, empty lines, no end of the last line', () => {
    const expected = [
      ['a', 'b'],
      ['1', '2'],
      ['3', ''],
    ];
    for (const text of ['a,b\n1,2\n3,', 'a,b\r\n\r\n1,2\r\n3,\r\n', 'a,b\r1,2\r\r3,\r', '\n\na,b\n\n1,2\n3,\n\n'])
      assert.deepEqual(fieldsOf(text), expected, JSON.stringify(text));
  });

  test('commas, quotes and line breaks in quotes', () => {
    assert.deepEqual(fieldsOf('name,note\n"Ada, ""the first""","two\r\nlines"\nb,"",\n x , "y" \n'), [
      ['name', 'note'],
      ['Ada, "the first"', 'two\r\nlines'],
      ['b', '', ''],
      ['x', 'y'],
    ]);
    assert.deepEqual(fieldsOf('a,b\n5" pipe,it\'s "so"\n')[1], ['5" pipe', 'it\'s "so"']);
  });

  test('a record is named by the line that it begins in', () => {
    const lines = parse('a,b\n\n"x\ny",1\n2,3\r\n4,5').map(({ line }) => line);
    assert.deepEqual(lines, [1, 3, 5, 6]);
  });

  test('semicolons and tabs, where the first line has more of them', () => {
    assert.deepEqual(fieldsOf('a;b\n1,5;2\n'), [
      ['a', 'b'],
      ['1,5', '2'],
    ]);
    assert.deepEqual(fieldsOf('"a,b,c"\tb\n1\t"2"\n'), [
      ['a,b,c', 'b'],
      ['1', '2'],
    ]);
  });

  test('cut anywhere it is read the same', () => {
    const text = 'a,"b ""c"", d"\r\n\r\n"1\r\n2", 3 \r\n4,"5"\n"",""\n6,7';
    const whole = parse(text);
    for (let at = 0; at <= text.length; at++)
      for (let more = at; more <= text.length; more++)
        assert.deepEqual(parse(text.slice(0, at), text.slice(at, more), text.slice(more)), whole, `${at} ${more}`);
  });

  test('what was written is what is read, whatever the fields hold', () => {
    const random = seededRandom('csv');
    const signs = ['a', '1', ',', ';', '"', '\n', '\r', 'ü', '\t', '.'];
    for (let round = 0; round < 300; round++) {
      const rows = Array.from({ length: 1 + random.int(4) }, () =>
        Array.from({ length: 3 }, () =>
          Array.from({ length: random.int(6) }, () => signs[random.int(signs.length)]).join(''),
        ),
      );
      const all = [['x', 'y', 'z'], ...rows];
      const text = all
        .map((row) => row.map((field) => `"${field.replaceAll('"', '""')}"`).join(','))
        .join(random.int(2) === 0 ? '\n' : '\r\n');
      const at = random.int(text.length);
      assert.deepEqual(fieldsOf(text.slice(0, at), text.slice(at)), all, JSON.stringify(text));
    }
  });

  test('quotes that are never closed, and a line without end, are faults that name the line', () => {
    assert.throws(() => parse('a,b\n1,2\n"3,4\n5,6\n'), { name: 'CsvFault', message: /line 3 that are never closed/ });
    const parser = new CsvParser();
    parser.push('a,b\n1,"');
    assert.throws(() => {
      for (;;) parser.push('x'.repeat(1 << 20));
    }, CsvFault);
    assert.throws(() => {
      const wide = new CsvParser();
      wide.push('a,b\n');
      for (;;) wide.push(`${'x'.repeat(1 << 16)},`);
    }, /line 2 that does not end/);
    assert.throws(() => {
      const long = new CsvParser();
      for (;;) long.push('x'.repeat(1 << 20));
    }, /line 1 that does not end/);
  });
});
