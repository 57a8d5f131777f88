import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { moment, seen } from '#test/support/recorded/observed-run.ts';
import type { Finding } from './finding.ts';
import type { ParticipantObservation } from './observation.ts';
import { trainerFrozen, transferStuck } from './rules/participant-rules.ts';

function refs({ evidence }: Finding): readonly string[] {
  return evidence.map(({ ref }) => ref);
}

/** Found from `at` on, and not 1 ms before. */
function from(at: number, told: (now: number) => Finding | null): Finding {
  assert.equal(told(at - 1), null, `already at ${at - 1}`);
  const finding = told(at);
  assert.ok(finding !== null, `not at ${at}`);
  return finding;
}

/** A participant that is heard of at every moment of its story. */
const alive = (now: number): Partial<ParticipantObservation> => ({ lastHeard: moment(now), linkState: 'ready' });

describe('a trainer', () => {
  /** `node-1` trains and is heard of at every moment of this story. */
  const training =
    (over: Partial<ParticipantObservation>): ((now: number) => Finding | null) =>
    (now) => {
      const known = {
        phase: 'train',
        phaseAt: moment(8000),
        lastProgress: moment(10_000, 'batch 3 of 40'),
        firstStep: false,
      } as const;
      const story = seen({ ...known, ...alive(now), ...over }, { now });
      return trainerFrozen(story.node, story.run, null);
    };

  test('has stopped after 4 s without a step, or four times its longest pause', () => {
    const finding = from(14_000, training({ progressGapMsMax: 1000 }));
    assert.deepEqual(
      [finding.rule, finding.layer, finding.since, refs(finding)],
      ['trainer-frozen', 'trainer', 10_000, ['event:8000', 'event:10000', 'event:14000']],
    );
    assert.equal(
      finding.explanation,
      'Last progress was batch 3 of 40; since then only heartbeats. The longest pause before was 1.0 s.',
    );
    from(18_000, training({ progressGapMsMax: 2000 }));
    from(15_000, training({ backAt: 11_000 }));
  });
  test('on a machine that is used up has not stopped for all that is known: it has 20 s, and no cause is named', () => {
    const process = { pid: 7, told: moment(9000), cpuPercent: 5, late: null, signAt: 9000, toldUntil: 9000, backAt: 0 };
    const busy = (busyAt: number) => training({ process: { ...process, busyAt } });
    assert.equal(busy(29_000)(29_999), null);
    const finding = busy(29_000)(30_000);
    assert.deepEqual([finding?.rule, finding?.layer, finding?.since], ['trainer-starved', 'trainer', 10_000]);
    assert.equal(
      finding?.sentence,
      "node-1's training has made no gradient step for 20 s; the machine's processors are all in use.",
    );
    assert.equal(busy(8999)(14_000)?.rule, 'trainer-frozen', 'used up more than 5 s ago');
    assert.equal(busy(9000)(14_000), null);
  });
  test('is not looked at unless it trains and is alive', () => {
    for (const over of [
      { phase: 'send' },
      { lastProgress: null },
      { trained: moment(9000) },
      { linkState: 'lost' },
      { lastHeard: null },
    ] as const)
      assert.equal(training(over)(60_000), null, JSON.stringify(over));
    assert.notEqual(training({ lastHeard: moment(57_500) })(60_000), null);
    assert.equal(training({ lastHeard: moment(57_499) })(60_000), null, 'heard 2.5 s ago is alive, not longer');
  });
  test('has 40 s for a first step of which nothing is known, else four times its slowest one, at least 8 s', () => {
    const finding = from(50_000, training({ firstStep: true }));
    assert.deepEqual([finding.rule, finding.ages, finding.since], ['first-step-slow', true, 10_000]);
    assert.equal(finding.sentence, "node-1's first gradient step is not done after 40 s.");
    assert.match(finding.explanation, /A first step may be slow on a small machine; more/);
    const known = from(22_000, training({ firstStep: true, firstStepMsMax: 3000 }));
    assert.match(known.explanation, /Its slowest first step before took 3\.0 s; more/);
    from(18_000, training({ firstStep: true, firstStepMsMax: 1 }));
    from(50_000, training({ firstStep: true, firstStepMsMax: 20_000 }));
  });
  test('that a fault froze before its first step has stopped', () => {
    const faults = new Map([['freeze-trainer', { injectedAt: 9000, clearedAt: null }]] as const);
    const finding = from(14_000, training({ firstStep: true, faults }));
    assert.deepEqual([finding.rule, finding.fault], ['trainer-frozen', 'freeze-trainer']);
    assert.equal(finding.explanation, 'It has begun to train and made no step since; only heartbeats come.');
  });
});

describe('a transfer', () => {
  const waiting =
    (over: Partial<ParticipantObservation>): ((now: number) => Finding | null) =>
    (now) => {
      const story = seen({ phaseAt: moment(10_000), ...alive(now), ...over }, { now });
      return transferStuck(story.node, story.run, null);
    };
  const transfer = {
    kind: 'model_update',
    round: 1,
    direction: 'up',
    sentBytes: 2_900_000,
    totalBytes: 10_500_000,
    moved: moment(11_000),
  } as const;

  test('that has not moved for 5 s is stuck', () => {
    const finding = from(16_000, waiting({ phase: 'send', transfer }));
    assert.deepEqual(
      [finding.rule, finding.layer, finding.since, refs(finding)],
      ['transfer-stuck', 'transport', 11_000, ['event:10000', 'event:11000', 'event:16000']],
    );
    assert.equal(finding.sentence, "node-1's model update is stuck at 2.9 of 10.5 MB; heartbeats pass.");
    const down = { ...transfer, kind: 'global_model', direction: 'down' } as const;
    assert.match(waiting({ transfer: down })(16_000)?.sentence ?? '', /^The global model for node-1 is stuck/);
  });
  test('that was sent whole has time for its way: 12 s, and 50 s for each megabyte up to a minute', () => {
    const sent = (totalBytes: number): Partial<ParticipantObservation> => ({
      transfer: { ...transfer, sentBytes: totalBytes, totalBytes },
    });
    const finding = from(11_000 + 12_000 + 5000, waiting(sent(100_000)));
    assert.equal(finding.sentence, "node-1's model update was sent and is not acknowledged; heartbeats pass.");
    from(11_000 + 12_000 + 60_000, waiting(sent(1_200_000)));
    from(11_000 + 12_000 + 60_000, waiting(sent(1_300_000)));
  });
  test('that does not begin is missed after 5 s of sending, 12 s of receiving or after training', () => {
    const missing = from(15_000, waiting({ phase: 'send' }));
    assert.equal(missing.sentence, 'node-1 has trained, but nothing of the model update arrives; heartbeats pass.');
    assert.deepEqual(refs(missing), ['event:10000', 'event:15000'], 'a moment is shown once');
    assert.equal(
      from(22_000, waiting({ phase: 'receive' })).sentence,
      'Nothing of the global model reaches node-1; heartbeats pass.',
    );
    const trained = from(23_000, waiting({ phase: 'train', trained: moment(11_000) }));
    assert.deepEqual(refs(trained), ['event:10000', 'event:11000', 'event:23000']);
    for (const phase of ['train', 'wait', 'idle', 'evaluate'] as const)
      assert.equal(waiting({ phase })(90_000), null, phase);
  });
  test('of one that is not alive is not looked at', () => {
    assert.equal(waiting({ phase: 'send', transfer, linkState: 'lost' })(60_000), null);
    assert.equal(waiting({ phase: 'send', transfer, lastHeard: moment(11_000) })(60_000), null);
  });
  test('is told with "you" from the own chair', () => {
    const own = (over: Partial<ParticipantObservation>): unknown => {
      const story = seen(
        { phaseAt: moment(10_000), ...alive(60_000), ...over },
        { now: 60_000, chair: 'participant', self: 'node-1' },
      );
      return transferStuck(story.node, story.run, null)?.sentence;
    };
    assert.match(String(own({ phase: 'receive' })), /^Nothing of the global model reaches you;/);
    assert.match(String(own({ phase: 'send' })), /^You have trained,/);
    assert.match(String(own({ phase: 'send', transfer })), /^Your model update is stuck/);
    const other = seen(
      { phase: 'receive', phaseAt: moment(0), ...alive(60_000) },
      { now: 60_000, chair: 'participant', self: 'node-2' },
    );
    assert.match(transferStuck(other.node, other.run, null)?.sentence ?? '', /reaches node-1;/);
    Object.assign(other.node, { transfer });
    assert.match(transferStuck(other.node, other.run, null)?.sentence ?? '', /^node-1's model update is stuck/);
  });
});
