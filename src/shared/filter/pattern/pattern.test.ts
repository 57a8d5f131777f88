import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compilePattern, patternOf, wildcardSource } from './pattern.ts';

function found(source: string, text: string): boolean {
  const compiled = compilePattern(source);
  assert.ok(compiled.ok, `${source}: ${compiled.ok ? '' : compiled.error.message}`);
  return compiled.value.test(text);
}

function errorOf(source: string): readonly [string, number] {
  const compiled = compilePattern(source);
  assert.ok(!compiled.ok, `${source} was taken`);
  return [compiled.error.message, compiled.error.at];
}

describe('patterns', () => {
  const yes: readonly (readonly [string, string])[] = [
    ['', 'anything'],
    ['ode', 'node-3'],
    ['^node-\\d+$', 'NODE-12'],
    ['^(node|lab)-[1-3]$', 'lab-2'],
    ['a.c', 'xabcx'],
    ['a{2,3}b', 'aab'],
    ['^a{2}$', 'aa'],
    ['x(ab)*y', 'xababy'],
    ['x(?:ab)+?y', 'xaby'],
    ['[^0-9]$', '12a'],
    ['\\bup\\b', 'roundscope/up/bulk'],
    ['colou?r', 'color'],
    ['[A-F]+', 'cafe'],
    ['\\.', 'a.b'],
    ['[\\]\\-]', '-'],
    ['[a-]', '-'],
    ['(a|)b', 'b'],
    ['(|a)+$', 'aaa'],
    ['a{', 'a{'],
    ['^$', ''],
  ];
  const no: readonly (readonly [string, string])[] = [
    ['^ode', 'node-3'],
    ['^node-\\d$', 'node-12'],
    ['a{2,3}$', 'a'],
    ['[^a]', 'A'],
    ['\\bup\\b', 'upper'],
    ['a.c', 'ac'],
    ['\\.', 'ab'],
    ['[]', 'a'],
  ];
  for (const [source, text] of yes) test(`/${source}/ is in ${text}`, () => assert.equal(found(source, text), true));
  for (const [source, text] of no)
    test(`/${source}/ is not in ${text}`, () => assert.equal(found(source, text), false));

  test('errors say what and where', () => {
    assert.deepEqual(errorOf('a(b'), ['This ( of the pattern is not closed.', 1]);
    assert.deepEqual(errorOf('a)b'), ['This ) of the pattern has no ( before it.', 1]);
    assert.deepEqual(errorOf('*a'), ['There is nothing before it that could be repeated.', 0]);
    assert.deepEqual(errorOf('^*'), ['There is nothing before it that could be repeated.', 1]);
    assert.deepEqual(errorOf('a**'), ['What is repeated already is not repeated again.', 2]);
    assert.deepEqual(errorOf('[a'), ['This [ of the pattern is not closed.', 0]);
    assert.deepEqual(errorOf('[b-a]'), ['This range of letters goes backwards.', 3]);
    assert.deepEqual(errorOf('(a)\\1'), ['A pattern does not look back at its groups.', 3]);
    assert.deepEqual(errorOf('a(?=b)'), ['A pattern does not look ahead or back: write a second condition.', 1]);
    assert.deepEqual(errorOf('(?<n>a)'), ['Groups have no names and no flags: write ( or (?:.', 0]);
    assert.deepEqual(errorOf('a\\'), ['A pattern does not end with \\: write \\\\ for the letter.', 1]);
    assert.deepEqual(errorOf('a{3,2}'), ['The second number is smaller than the first.', 1]);
    assert.deepEqual(errorOf('\\q'), ['\\q means nothing here.', 0]);
    assert.match(errorOf('('.repeat(30))[0], /within each other/);
  });

  test('what grows without end is refused, what would go back for ever is read once', () => {
    for (const source of [
      '(a{1000}){1000}',
      `${'('.repeat(15)}a${'{99})'.repeat(15)}`,
      `${'('.repeat(15)}${'{99})'.repeat(15)}`,
    ])
      assert.match(errorOf(source)[0], /too large/, source);
    const text = `${'a'.repeat(2000)}!`;
    for (const source of ['(a+)+$', '^(a|a)*$', '(a|aa)+$', '(.*a){20}$', '^(([a-z])+.)+[A-Z]([a-z])+$'])
      assert.equal(found(source, text), false, source);
    assert.equal(found('(a+)+!$', text), true);
  });

  test('means the same as the engine of JavaScript, where both know it', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\w', '1', '(a)', '(?:b|1)', '(a|)', '\\b');
    const repeat = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,2}', '{0,}', '*?');
    const piece = fc.tuple(atom, repeat).map(([of, times]) => (of === '\\b' ? of : of + times));
    const source = fc
      .tuple(fc.constantFrom('', '^'), fc.array(piece, { maxLength: 6 }), fc.constantFrom('', '$', '|a'))
      .map(([start, pieces, end]) => start + pieces.join('') + end);
    const text = fc
      .array(fc.constantFrom('a', 'b', '1', 'A', ' ', '_'), { maxLength: 10 })
      .map((letters) => letters.join(''));
    fc.assert(
      fc.property(source, text, (pattern, subject) => {
        assert.equal(found(pattern, subject), new RegExp(pattern, 'i').test(subject), `/${pattern}/ on ${subject}`);
      }),
      { numRuns: 3000 },
    );
  });

  test('whatever is written, it is taken or refused', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), fc.string({ maxLength: 40 }), (source, subject) => {
        const compiled = compilePattern(source);
        if (compiled.ok) compiled.value.test(subject);
        else assert.ok(compiled.error.at >= 0 && compiled.error.at <= source.length);
      }),
      { numRuns: 3000 },
    );
  });

  test('wildcards are letters but for * and ?', () => {
    const whole = patternOf(wildcardSource('node-*.[x]?', true));
    assert.equal(whole?.test('node-12.[x]y'), true);
    assert.equal(whole?.test('node-12.[x]'), false);
    assert.equal(whole?.test('a node-12.[x]y'), false);
    assert.equal(patternOf(wildcardSource('e-*2', false))?.test('node-12'), true);
  });
});
