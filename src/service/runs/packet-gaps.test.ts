import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { limits } from '#shared/contract/limits.ts';
import { PacketGaps } from './packet-gaps.ts';

const at = (source: string, participant: string, ms: number) => ({ source, participant, at: ms });

describe('gaps', () => {
  test('a gap is the silence of one link as one process saw it', () => {
    const gaps = new PacketGaps();
    const told = [at('c', 'a', 0), at('c', 'b', 10), at('a', 'a', 11), at('c', 'b', 5000), at('c', 'a', 6000)];
    assert.deepEqual(
      told.map((packet) => gaps.gapOf(packet)),
      [null, null, null, 4990, 6000],
    );
  });

  test('a clock that is set back makes no negative silence', () => {
    const gaps = new PacketGaps();
    gaps.gapOf(at('c', 'a', 5000));
    assert.equal(gaps.gapOf(at('c', 'a', 4000)), 0);
    assert.equal(gaps.gapOf(at('c', 'a', 4100)), 100);
  });

  test('where packets of a process were lost, its silence is not known; that of others is', () => {
    const gaps = new PacketGaps();
    for (const source of ['c', 'a']) gaps.gapOf(at(source, 'a', 0));
    gaps.lost('c');
    assert.deepEqual([gaps.gapOf(at('c', 'a', 900)), gaps.gapOf(at('a', 'a', 900))], [null, 900]);
    assert.equal(gaps.gapOf(at('c', 'a', 950)), 50);
  });

  test('what strangers call themselves costs no memory without end, and no other link its gap', () => {
    const gaps = new PacketGaps();
    gaps.gapOf(at('a', 'a', 0));
    for (let stranger = 0; stranger < limits.gapLinksMax * 2; stranger++) {
      gaps.gapOf(at('c', 'a', stranger));
      gaps.gapOf(at('c', `10.0.0.1:${stranger}`, stranger));
    }
    assert.equal(gaps.gapOf(at('a', 'a', 70)), 70);
    assert.equal(gaps.gapOf(at('c', '10.0.0.1:0', 1)), null, 'forgotten');
    assert.equal(gaps.gapOf(at('c', 'a', limits.gapLinksMax * 2)), 1, 'spoke all the time');
  });
});
