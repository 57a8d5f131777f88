import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joined, moment, seen } from '#test/support/recorded/observed-run.ts';
import { evidence, lasting, listed, seconds } from './finding.ts';
import { elapsedMs, push, quietMs, recentMax } from './observation.ts';
import { overBecause } from './over-words.ts';

test('spans are told as people say them', () => {
  assert.deepEqual([0, 1234, 9499, 9500, 61_499].map(seconds), ['0.0 s', '1.2 s', '9.5 s', '10 s', '61 s']);
  assert.deepEqual([0, 1499, 119_499, 119_500, 7_199_000, 7_199_499, 7_200_000, 10_800_000].map(lasting), [
    '0 s',
    '1 s',
    '119 s',
    '2 min',
    '120 min',
    '120 min',
    '2 h',
    '3 h',
  ]);
});

test('of many names the first three are told', () => {
  assert.equal(listed(['a', 'b', 'c', 'd']), 'a, b, c, d');
  assert.equal(listed(['a', 'b', 'c', 'd', 'e']), 'a, b, c and 2 more');
});

test('evidence stands in order of time, without what there is none of', () => {
  const given = [moment(3), null, moment(1), undefined, moment(2)];
  assert.deepEqual(evidence(...given), [moment(1), moment(2), moment(3)]);
});

test('time that is forgiven does not count, nor time from before the participant was back', () => {
  const { node, run } = seen({ backAt: 40_000 }, { now: 50_000, forgiveBefore: 30_000 });
  assert.deepEqual(
    [10_000, 30_000, 45_000].map((at) => elapsedMs(run, at)),
    [20_000, 20_000, 5000],
  );
  assert.deepEqual(
    [10_000, 45_000].map((at) => quietMs(run, node, at)),
    [10_000, 5000],
  );
  assert.equal(elapsedMs(run, 50_900), 0, 'another clock may be a little ahead');
  assert.equal(elapsedMs(run, 51_000), 0);
  assert.equal(elapsedMs(run, 51_001), 20_000, 'one that is far ahead was set back since');
});

test('lists keep their newest entries', () => {
  const items: number[] = [];
  for (let i = 0; i < 100; i++) push(items, i);
  assert.deepEqual([items.length, items[0], items.at(-1)], [recentMax, 36, 99]);
  push(items, 100, 2);
  assert.deepEqual(items, [99, 100]);
});

test('each rule says why it is over', () => {
  const { run } = seen({});
  joined(run, 'node-2');
  const of = (rule: string): string => overBecause(rule, 'node-1');
  assert.equal(of('participant-restarting'), 'node-1 is back');
  assert.equal(of('process-frozen'), "node-1's process goes on");
  assert.equal(of('link-flapping'), 'the link of node-1 holds again');
  assert.equal(of('first-step-slow'), 'node-1 has made its first step');
  assert.equal(of('transfer-stuck'), 'the transfer of node-1 moves again');
  assert.equal(of('connection-per-message'), 'node-1 keeps one connection open again');
  assert.equal(of('participant-paused'), 'node-1 goes on');
  assert.equal(of('trainer-frozen'), 'node-1 trains again');
  assert.equal(of('link-lost'), 'node-1 is heard of again');
  assert.deepEqual(
    [
      'coordinator-restarting',
      'coordinator-frozen',
      'coordinator-silent',
      'broker-lost',
      'broker-drops',
      'broker-obstacle',
      'broker-blocked',
      'machine-overloaded',
      'many-out-of-reach',
    ].map(of),
    [
      'the coordinator is back',
      'the coordinator goes on',
      'the coordinator answers again',
      'the broker is back',
      'the connection to the broker holds again',
      'nothing is held up by the broker any more',
      'the broker takes messages again',
      'this machine keeps up again',
      'they are heard of again',
    ],
  );
});
