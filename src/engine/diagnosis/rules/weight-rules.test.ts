import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EventData, EventType, RecordedEvent } from '#shared/contract/events.ts';
import { Diagnosis } from '../diagnosis.ts';

const names = ['a', 'b', 'c', 'd', 'e'];

type Update = Partial<EventData<'updates_weighed'>['updates'][number]>;
type Evaluation = Partial<EventData<'evaluations_weighed'>['evaluations'][number]>;

/** A coordinator's run with five participants, and what is said of it. */
class Run {
  readonly raised: string[] = [];
  readonly cleared: string[] = [];
  readonly #diagnosis = new Diagnosis({
    raised: ({ rule, subject, sentence }) => this.raised.push(`${rule} ${subject}: ${sentence}`),
    cleared: ({ verdict }) => this.cleared.push(verdict),
  });
  #now = 1_700_000_000_000;
  #id = 0;

  constructor() {
    this.#event('run_opened', { chair: 'coordinator', name: 'x' });
    this.#event('run_started', {
      name: 'x',
      rounds: 3,
      minimumParticipants: 5,
      quorum: 1,
      seed: 1,
      baselineAccuracy: 0.1,
    });
    for (const participant of names) this.#event('participant_phase', { participant, round: 1, phase: 'wait' });
  }

  updates(round: number, odd: Update = {}, count = 5, agreement = 0.6): this {
    const usual = { claimed: 100, examples: 100, share: 1 / count, clipped: 1, norm: 1, cosine: 0.8, agreement };
    const updates = names.slice(0, count).map((participant) => ({ participant, ...usual }));
    const last = updates.length - 1;
    return this.#event('updates_weighed', {
      round,
      weightCap: 3,
      normClip: 3,
      updates: updates.with(last, { ...updates[last], ...odd } as (typeof updates)[number]),
    });
  }

  evaluations(round: number, odd: Evaluation = {}): this {
    const usual = { claimed: 50, examples: 50, share: 0.2, loss: 0.3, accuracy: 0.9 };
    const evaluations = names.map((participant) => ({ participant, ...usual }));
    return this.#event('evaluations_weighed', {
      round,
      evaluations: evaluations.with(4, { ...evaluations[4], ...odd } as (typeof evaluations)[number]),
    });
  }

  /** Whom the coordinator waits for now, two seconds later. */
  waits(round: number, nextAction: string): this {
    this.#now += 2000;
    return this.#event('round_status', {
      round,
      phase: 'training',
      waitingFor: ['a'],
      reported: [],
      selected: names,
      quorum: 5,
      deadlineAt: this.#now + 10_000,
      nextAction,
      why: [],
    });
  }

  refused(round: number, code: EventData<'update_received'>['code'], reason: string): this {
    return this.#event('update_received', {
      participant: 'e',
      round,
      contribution: 'ab'.repeat(32),
      examples: 100,
      sizeBytes: 1,
      counted: false,
      reason,
      code,
      loss: 0,
      accuracy: 0,
      norm: 0,
      cosine: null,
    });
  }

  #event(type: EventType, data: unknown): this {
    this.#now += 100;
    const event = { id: ++this.#id, run: 'x', source: 'coordinator', at: this.#now, type, data };
    this.#diagnosis.event(event as RecordedEvent);
    this.#diagnosis.check(this.#now);
    return this;
  }
}

describe('whoever does more than its part is named', () => {
  const cases: readonly (readonly [string, Update, string])[] = [
    [
      'more examples than it has',
      { claimed: Number.MAX_SAFE_INTEGER, share: 0.2 },
      'claims-more e: e says 9,007,199,254,740,991 examples and has registered 100: those count.',
    ],
    [
      'ten times the norm',
      { norm: 10, clipped: 0.3 },
      "update-too-long e: e's update of round 1 is 10 times as long as the median.",
    ],
    [
      'the opposite sign',
      { agreement: -0.9 },
      "update-opposes e: e's update of round 1 points against those of the others.",
    ],
    ['most of the model', { share: 0.62 }, 'weighs-most e: e alone carries 62 % of round 1.'],
  ];
  for (const [what, odd, sentence] of cases)
    test(what, () => {
      const run = new Run().updates(1, odd);
      assert.deepEqual(run.raised, [sentence]);
      assert.equal(run.updates(2).cleared.length, 1, 'the next round shows otherwise');
    });

  test('who points against the others is named only while they agree, and never one of three', () => {
    const opposed = { agreement: -0.9 };
    assert.deepEqual(new Run().updates(1, opposed, 5, 0.2).raised.length, 1);
    assert.deepEqual(new Run().updates(1, opposed, 4, 0.2).raised.length, 1);
    assert.deepEqual(
      new Run().updates(1, opposed, 5, 0.19).raised,
      [],
      'near its end the updates of a run add up to nothing',
    );
    assert.deepEqual(
      new Run().updates(1, { ...opposed, share: 0.3 }, 3).raised,
      [],
      'of three it cannot be told who is right',
    );
  });

  test('is told once a round, however often the wait for others changes', () => {
    const run = new Run().updates(1, { share: 0.62 });
    for (let s = 0; s < 20; s++) run.waits(1, s % 2 === 0 ? 'needs 2 more updates' : 'needs 1 more update');
    assert.equal(run.raised.length, 1);
    run.updates(2, { share: 0.62 });
    assert.equal(run.raised.length, 2);
  });

  test('an update that was refused for its values, until one counts', () => {
    const run = new Run().refused(1, 'update_not_finite', 'element 3 of tensor w is NaN');
    assert.deepEqual(run.raised, [
      "update-refused e: e's update of round 1 was refused: element 3 of tensor w is NaN.",
    ]);
    assert.equal(run.updates(1, {}, 4).cleared.length, 0, 'it does not count in its round');
    assert.equal(run.updates(2).cleared.length, 1);
  });

  test('an accuracy that nobody else sees, and more examples than it has', () => {
    assert.deepEqual(new Run().evaluations(1, { accuracy: 0.1 }).raised, [
      "evaluation-outlier e: e reports an accuracy of 10 % in round 1, the others' median is 90 %.",
    ]);
    assert.match(new Run().evaluations(1, { claimed: 1e15 }).raised.join(), /^claims-more e: e says it checked with/);
  });
});

test('nobody is named for uneven data, a little clipping, half of a run of two, few examples, a late copy', () => {
  const run = new Run()
    .updates(1)
    .updates(2, { clipped: 0.6, norm: 5, agreement: -0.3, share: 0.45 })
    .updates(3, { share: 0.8, agreement: -0.9 }, 2)
    .updates(3, { share: 0.5 + 1e-12, clipped: 1 / 3, norm: 3 }, 3)
    .evaluations(3, { accuracy: 0.6 })
    .evaluations(3, { accuracy: 0, examples: 4, claimed: 4 })
    .refused(3, 'update_duplicate', 'another update of round 3 was counted already');
  assert.deepEqual(run.raised, []);
});
