import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { blame, labs, type ActName, type Lab } from './blame.ts';
import { Oracle, samplingMs, settleMs, type Mark } from './oracle.ts';
import type { Said } from './read-window.ts';

const well: Omit<Said, 'at'> = {
  verdict: '',
  past: '',
  status: 'No stall This node lab-1 is training Pause Leave…',
  wait: 'Waiting for 2 of 3 updates',
  ownLane: 'lab-1 this node batch 1 / 180 counted 3 of 3',
  coordinatorLane: 'coordinator heard 0.4 s ago',
  round: 4,
  counted: 3,
  raw: [],
  differs: [],
};

const silent = { verdict: 'The coordinator does not answer: last heard 4 s ago.' };
const brokerGone = { verdict: 'The MQTT broker at 127.0.0.1:1883 is out of reach.' };
const past = { past: 'Stopped updating 2 s ago. The service does not answer' };

/** A story: each chair says that all is well at each moment, unless `words` has something else for it. */
function told(
  act: ActName,
  words: (lab: Lab, afterMs: number) => Partial<Said>,
  { holdMs = 12_000, lastMs = 30_000, table = blame as ConstructorParameters<typeof Oracle>[0] } = {},
): Oracle {
  const oracle = new Oracle(table);
  const begins = 1_000_000;
  const marks: Mark[] = [
    { act, step: 'begins', at: begins },
    { act, step: 'holds', at: begins },
    { act, step: 'ends', at: begins + holdMs },
    { act, step: 'undone', at: begins + holdMs },
  ];
  for (let at = begins - 2 * samplingMs; at < begins + lastMs; at += samplingMs) {
    while ((marks[0]?.at ?? Number.POSITIVE_INFINITY) <= at) oracle.mark(marks.shift() as Mark);
    for (const lab of labs) oracle.see(lab, { ...well, at, ...words(lab, at - begins) });
  }
  return oracle;
}

const kinds = ({ faults }: Oracle): string[] => faults.map(({ window, kind }) => `${window}: ${kind}`);
const inHold = (afterMs: number, from: number): boolean => afterMs >= from && afterMs < 12_000;

describe('the oracle of three windows', () => {
  test('a stopped coordinator that everybody names in time is no fault', () => {
    const oracle = told('the coordinator is stopped', (_lab, after) => (inHold(after, 4000) ? silent : {}));
    assert.deepEqual(oracle.faults, []);
    const [first] = oracle.first.filter(({ claim }) => claim === 'coordinator');
    assert.equal(first?.afterMs, 4000);
    assert.ok(oracle.quiet > 0);
  });

  test('one that says too long that all is well, and names it late', () => {
    const oracle = told('the coordinator is stopped', (lab, after) =>
      inHold(after, lab === 'lab-2' ? 8000 : 4000) ? silent : {},
    );
    assert.deepEqual(kinds(oracle), ['lab-2: says that all is well', 'lab-2: said too late']);
    assert.match(oracle.faults[1]?.text ?? '', /only after 8\.0 s/);
  });

  test('a participant that is stopped elsewhere is no reason to blame the coordinator', () => {
    const still = { verdict: "lab-2's process stands still: it was stopped or gets no processor." };
    const oracle = told('participant of lab-2 is stopped', (lab, after) =>
      inHold(after, 5000) ? (lab === 'lab-2' ? still : lab === 'lab-1' ? silent : {}) : {},
    );
    assert.deepEqual(kinds(oracle), ['lab-1: names coordinator']);
    const [fault] = oracle.faults;
    assert.deepEqual([fault?.times, fault?.inARow], [28, 28]);
  });

  test('nobody but its own chair says that training has stopped', () => {
    const frozen = { verdict: 'Your training has stopped: no gradient step is made, and the link is well.' };
    const oracle = told('the broker is killed', (lab, after) =>
      !inHold(after, 3000) ? {} : lab === 'lab-3' ? brokerGone : lab === 'lab-1' ? frozen : {},
    );
    assert.deepEqual(kinds(oracle), ['lab-1: names own training']);
  });

  test('what an act made true may stand for a while after it, and no longer', () => {
    const until = (ms: number): Oracle =>
      told('the broker is killed', (lab, after) =>
        lab === 'lab-3' && after >= 3000 && after < 12_000 + ms ? brokerGone : {},
      );
    assert.deepEqual(kinds(until(settleMs - 1000)), []);
    assert.deepEqual(kinds(until(settleMs + 1000)), ['lab-3: trouble in quiet time']);
  });

  test('a picture without news is marked as past', () => {
    const marked = (from: number): Oracle =>
      told('service of lab-1 is killed', (lab, after) => (lab === 'lab-1' && inHold(after, from) ? past : {}), {
        lastMs: 12_000,
      });
    assert.deepEqual(kinds(marked(1500)), []);
    assert.deepEqual(
      new Set(kinds(marked(3000))),
      new Set(['lab-1: says that all is well', 'lab-1: old picture shown as now']),
    );
  });

  test('a stopped service is missed after some seconds, in which the news grow old', () => {
    const missed = (from: number): Oracle =>
      told(
        'service of lab-3 is stopped',
        (lab, after) => {
          if (lab !== 'lab-3' || after < 0) return {};
          return after < from ? { coordinatorLane: `coordinator heard ${after / 1000 + 1} s ago` } : past;
        },
        { lastMs: 12_000 },
      );
    assert.deepEqual(kinds(missed(5500)), []);
    assert.ok(kinds(missed(7000)).includes('lab-3: old picture shown as now'));
  });

  test('after a standstill the old picture stands for a moment at most', () => {
    const until = (ms: number): Oracle =>
      told('all sleep', (lab, after) => {
        if (lab !== 'lab-1' || after < 12_000) return {};
        if (after < 12_000 + ms) return { coordinatorLane: 'coordinator heard 12.4 s ago' };
        return { round: 5, wait: 'Waiting for 1 of 3 updates' };
      });
    const short = until(500);
    assert.deepEqual(
      kinds(short).filter((kind) => kind.startsWith('lab-1')),
      [],
    );
    assert.equal(short.old.get('all sleep, lab-1'), 250);
    assert.deepEqual(
      kinds(until(2000)).filter((kind) => kind.startsWith('lab-1')),
      ['lab-1: old picture shown as now'],
    );
    // The others of this story show the very picture of before, for ever.
    assert.ok(kinds(short).includes('lab-2: old picture shown as now'));
  });

  test('a coordinator that was heard long ago is no sign that all is well', () => {
    const oracle = told('lab-2 pauses', (lab, after) =>
      lab === 'lab-1' && after === 3000 ? { coordinatorLane: 'coordinator heard 12.4 s ago' } : {},
    );
    const [fault] = oracle.faults.filter(({ window }) => window === 'lab-1');
    assert.deepEqual([fault?.kind, fault?.times, fault?.inARow], ['old picture shown as now', 1, 1]);
  });

  test('figures go back only where a run begins again; what is raw or differs is a fault at any time', () => {
    const back = (act: ActName): string[] =>
      kinds(told(act, (_lab, after) => (after > 20_000 ? { round: 3, counted: 2 } : {}))).filter((kind) =>
        /back|down/.test(kind),
      );
    assert.equal(back('the coordinator is killed').length, 0);
    assert.equal(back('lab-2 pauses').length, 6);
    const oracle = told('UDP of lab-1 is lost', (lab, after) =>
      lab === 'lab-1' && after === 0 ? { raw: ['-3 s'], differs: ['round: 4 (list), 5 (top bar)'] } : {},
    );
    assert.deepEqual(kinds(oracle), ['lab-1: raw', 'lab-1: differs']);
  });

  test('words that no row knows are a fault', () => {
    const oracle = told('lab-2 pauses', (lab, after) =>
      lab === 'lab-1' && after === 1000 ? { verdict: 'The moon is in the way.' } : {},
    );
    assert.ok(kinds(oracle).includes('lab-1: names unknown'));
  });

  test('each act is checked by its own row', () => {
    const table = { ...blame, 'the broker is killed': blame['lab-2 pauses'] };
    const story = (lab: Lab, after: number): Partial<Said> =>
      lab === 'lab-3' && inHold(after, 3000) ? brokerGone : {};
    assert.deepEqual(kinds(told('the broker is killed', story)), []);
    assert.ok(kinds(told('the broker is killed', story, { table })).includes('lab-3: names broker'));
  });
});
