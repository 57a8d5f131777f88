import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { moment, seen, type Seen } from '#test/support/recorded/observed-run.ts';
import type { EventData } from '#shared/contract/events.ts';
import { findAll } from './find-all.ts';
import type { Finding } from './finding.ts';
import type { DialObservation, ParticipantObservation, RunObservation } from './observation.ts';
import { ownRules } from './rules/own-rules.ts';

/** What `node-1` sees from its own chair. */
function own(over: Partial<ParticipantObservation>, run: Partial<RunObservation> = {}): Seen {
  return seen(over, { chair: 'participant', self: 'node-1', ...run });
}

function find({ node, run }: Seen, now: number): Finding | null {
  run.now = now;
  for (const rule of ownRules) {
    const finding = rule(node, run, null);
    if (finding !== null) return finding;
  }
  return null;
}

function findFrom(at: number, story: Seen): Finding {
  assert.equal(find(story, at - 1), null, `already at ${at - 1}`);
  const finding = find(story, at);
  assert.ok(finding !== null, `not at ${at}`);
  return finding;
}

function dial(over: Partial<DialObservation> = {}, last: Partial<EventData<'link_attempt'>> = {}): DialObservation {
  const attempt = { number: 1, result: 'no_answer', reason: '', lastHeardAt: 0, nextAt: 0, givesUpAt: 0, ...last };
  return {
    attempts: 1,
    ways: new Set(['UDP']),
    last: attempt as EventData<'link_attempt'>,
    since: moment(20_000),
    told: moment(21_000),
    ...over,
  };
}

describe('a coordinator that does not answer', () => {
  test('has been silent for 4 s, though the connection stands', () => {
    const finding = findFrom(14_000, own({ lastHeard: moment(10_000), linkState: 'ready' }));
    assert.deepEqual(
      [finding.rule, finding.layer, finding.subject, finding.since, finding.ages],
      ['coordinator-silent', 'link', 'coordinator', 10_000, true],
    );
    assert.equal(finding.sentence, 'The coordinator does not answer: last heard 4 s ago.');
    assert.match(
      finding.explanation,
      /^The QUIC connection has not been closed, and nothing comes over it\. It may have been closed/,
    );
    assert.deepEqual([finding.evidence, finding.next], [[moment(10_000)], { action: 'dials again by itself', at: 0 }]);
  });
  test('or its link has been down for 3 s', () => {
    const down = { lastHeard: moment(12_500), linkDown: moment(13_000), linkState: 'lost', linkReason: 'cut' } as const;
    const finding = findFrom(16_000, own(down));
    assert.match(finding.explanation, /^The link is down\. The last attempt ended with: cut\. It may/);
    assert.deepEqual(
      finding.evidence.map(({ at }) => at),
      [12_500, 13_000],
    );
    assert.doesNotMatch(find(own({ ...down, linkReason: 'dialing' }), 16_000)?.explanation ?? '', /The last attempt/);
    assert.equal(find(own({ ...down, linkState: 'closed' }), 90_000), null, 'whoever has closed it does not wait');
    assert.equal(find(own({ linkDown: moment(13_000), linkState: 'ready', lastHeard: moment(16_000) }), 16_000), null);
  });
  test('or was never reached in 5 s', () => {
    const never = own({ connections: 0, linkState: 'connecting' }, { dial: dial() });
    const finding = findFrom(25_000, never);
    assert.equal(finding.sentence, 'The coordinator does not answer: never heard, tried once over UDP.');
    assert.deepEqual([finding.since, finding.evidence], [20_000, [moment(21_000)]]);
    assert.equal(
      find(own({ connections: 0, linkState: 'connecting' }, { dial: dial({ attempts: 0 }) }), 90_000),
      null,
      'the first attempt is under way',
    );
    assert.equal(find(own({ connections: 0, linkState: 'connecting' }), 90_000), null);
  });
  test('with how often it was tried, over what, and when it was heard last', () => {
    const told = (
      attempts: number,
      ways: readonly string[],
      last: Partial<EventData<'link_attempt'>> = {},
    ): Finding | null =>
      find(
        own({ connections: 0, linkState: 'connecting' }, { dial: dial({ attempts, ways: new Set(ways) }, last) }),
        30_000,
      );
    assert.match(told(2, ['TCP'])?.sentence ?? '', /never heard, tried twice over TCP\.$/);
    assert.match(told(3, ['TCP', 'UDP'])?.sentence ?? '', /tried 3 times over UDP and TCP\.$/);
    const heard = told(1, ['UDP'], { lastHeardAt: 18_000, reason: 'ECONNREFUSED' });
    assert.match(heard?.sentence ?? '', /last heard 12 s ago, tried once/);
    assert.deepEqual(
      [heard?.since, /The last attempt ended with: ECONNREFUSED\. /.test(heard?.explanation ?? '')],
      [18_000, true],
    );
  });
  test('with what comes next', () => {
    const next = (last: Partial<EventData<'link_attempt'>>): unknown =>
      find(own({ connections: 0, linkState: 'connecting' }, { dial: dial({}, last) }), 30_000)?.next;
    assert.deepEqual(next({ nextAt: 31_000 }), { action: 'dials again', at: 31_000 });
    assert.deepEqual(next({ nextAt: 31_000, givesUpAt: 90_000 }), {
      action: 'dials again; gives up in 60 s',
      at: 31_000,
    });
    assert.deepEqual(next({ givesUpAt: 29_000 }), { action: 'dials again; gives up in 0 s', at: 0 });
    assert.deepEqual(next({ result: 'trying', nextAt: 31_000, givesUpAt: 330_000 }), {
      action: 'an attempt is under way; gives up in 5 min',
      at: 0,
    });
  });
  test('keeps the own work', () => {
    const kept = (over: Partial<ParticipantObservation>): unknown =>
      /ago\.( .*)?$/.exec(
        find(own({ lastHeard: moment(10_000), linkState: 'ready', ...over }), 20_000)?.sentence ?? '',
      )?.[1];
    assert.equal(kept({}), undefined);
    assert.equal(kept({ phase: 'train' }), ' Your training goes on.');
    assert.equal(kept({ phase: 'train', trained: moment(9000) }), ' Your update is kept.');
    assert.equal(kept({ phase: 'send' }), ' Your update is kept.');
  });
});

test('the own trainer is told of with "your", and so is a slow first step', () => {
  const training = { phase: 'train', lastProgress: moment(10_000), firstStep: false, linkState: 'ready' } as const;
  const frozen = find(own({ ...training, lastHeard: moment(20_000) }), 20_000);
  assert.deepEqual(
    [frozen?.rule, frozen?.sentence],
    ['trainer-frozen', 'Your training has stopped: no gradient step is made, and the link is well.'],
  );
  const slow = find(own({ ...training, firstStep: true, lastHeard: moment(50_000) }), 50_000);
  assert.equal(slow?.sentence, 'Your first gradient step is not done after 40 s.');
});

test('whoever does not know who it is checks nobody', () => {
  const { run } = own({ lastHeard: moment(10_000), linkState: 'ready' }, { now: 90_000 });
  assert.equal(findAll(run, () => null).found.size, 1);
  run.self = 'somebody-else';
  assert.equal(findAll(run, () => null).found.size, 0);
  run.self = null;
  assert.equal(findAll(run, () => null).found.size, 0);
});
