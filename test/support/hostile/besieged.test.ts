import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blamed, checked, missingSoFar, verdictsIn } from './besieged.ts';

const round = (
  contributions: readonly string[],
): { readonly event: string; readonly contributions: readonly string[] } => ({
  event: 'round_ended',
  contributions,
});

test('a contribution is missing from each round that ended without it, strangers aside', () => {
  const lines = [round(['lab-1', 'lab-2']), round(['lab-2', 'mallory']), round(['lab-2', 'lab-1'])];
  assert.equal(missingSoFar({ lines }, ['lab-1', 'lab-2']), 1);
  assert.equal(missingSoFar({ lines: [] }, ['lab-1']), 0);
});

test('a verdict that is told again is one, with its first words and when it was over', () => {
  const told = {
    event: 'verdict_raised',
    rule: 'link-lost',
    subject: 'lab-1',
    explanation: 'why',
    evidence: [],
    since: 0,
  };
  const lines = [
    { ...told, verdict: 'v1', sentence: 'lab-1 is out of reach', at: 4000 },
    { ...told, verdict: 'v1', sentence: 'still', at: 5000 },
    { event: 'verdict_cleared', verdict: 'v1', at: 6000 },
    { ...told, verdict: 'v2', subject: 'lab-2', sentence: 'lab-2 is out of reach', at: 7000 },
  ];
  const seen = verdictsIn({ lines }, 'the coordinator').map(({ subject, sentence, toldAt, over }) => [
    ...[subject, sentence, toldAt, over],
  ]);
  assert.deepEqual(seen, [
    ['lab-1', 'lab-1 is out of reach', '1970-01-01T00:00:04.000Z', '1970-01-01T00:00:06.000Z'],
    ['lab-2', 'lab-2 is out of reach', '1970-01-01T00:00:07.000Z', null],
  ]);
});

test('a verdict on what everybody shares blames none of the besieged, any other does', () => {
  const verdicts = ['the network', 'lab-1', 'the broker', 'coordinator', 'this machine'].map((subject) => ({
    ...{ rule: 'link-lost', layer: 'link', subject, since: '1970-01-01T00:00:00.000Z' },
    ...{ detected_after_s: 1, evidence: [] },
  }));
  assert.deepEqual(
    blamed({ verdicts }).map(({ subject }) => subject),
    ['lab-1', 'coordinator', 'this machine'],
  );
});

test('what is told several times a second is not kept of an hour', () => {
  assert.equal(checked({ event: 'link_stats' }), false);
  assert.equal(checked({ event: 'verdict_raised' }), true);
});
