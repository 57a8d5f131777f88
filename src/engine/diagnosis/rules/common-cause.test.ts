import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { joined, moment, seen } from '#test/support/recorded/observed-run.ts';
import type { Finding } from '../finding.ts';
import type { ProcessObservation, RunObservation } from '../observation.ts';
import { commonCause, sharedCause, type StandingCause } from './shared-causes.ts';

function finding(rule: string, subject: string, since: number, over: Partial<Finding> = {}): Finding {
  const evidence = [moment(since, `${subject} begins`), moment(since + 10, `${subject} goes on`)];
  return { rule, layer: 'link', subject, sentence: '', explanation: '', since, evidence, ...over };
}

function explainedBy(
  cause: { readonly explains: (finding: Finding) => boolean } | null,
  subject = 'node-1',
): readonly string[] {
  const rules = [
    'link-lost',
    'trainer-frozen',
    'first-step-slow',
    'connection-per-message',
    'process-frozen',
    'participant-dead',
  ];
  return rules.filter((rule) => cause?.explains(finding(rule, subject, 0)) === true);
}

function process(told: number, over: Partial<ProcessObservation> = {}): ProcessObservation {
  return {
    pid: 7,
    told: moment(told, 'its clock runs'),
    cpuPercent: 40.4,
    busyAt: null,
    late: null,
    signAt: told,
    toldUntil: told,
    backAt: 0,
    ...over,
  };
}

describe('a coordinator', () => {
  const ofEverybody = ['link-lost', 'trainer-frozen', 'first-step-slow', 'connection-per-message'];

  test('that is started again is told with the round in which it goes on', () => {
    const gone = moment(90_000, 'process 7 of coordinator is gone: SIGKILL');
    const { run } = seen({}, { coordinatorGone: gone });
    run.faults.set('kill-coordinator', { injectedAt: 89_900, clearedAt: null });
    const cause = sharedCause(run);
    assert.deepEqual(
      [
        cause?.finding.rule,
        cause?.finding.layer,
        cause?.finding.subject,
        cause?.finding.since,
        cause?.finding.fault,
        cause?.finding.evidence,
      ],
      ['coordinator-restarting', 'application', 'coordinator', 90_000, 'kill-coordinator', [gone]],
    );
    assert.match(cause?.finding.explanation ?? '', /SIGKILL\)\. It goes on from what/);
    run.wait = {
      round: 3,
      phase: 'training',
      waitingFor: [],
      reported: [],
      selected: [],
      quorum: 1,
      deadlineAt: 0,
      nextAction: '',
      why: [],
    };
    assert.match(sharedCause(run)?.finding.explanation ?? '', /It goes on with round 3 from what/);
    assert.deepEqual(explainedBy(cause), ofEverybody);
  });

  test('stands still when it alone has told nothing for 4 s', () => {
    const { run } = seen({}, { now: 50_000, coordinator: process(46_001) });
    assert.equal(sharedCause(run), null);
    run.coordinator = process(46_000);
    run.processes.set('coordinator', run.coordinator);
    const cause = sharedCause(run);
    assert.deepEqual(
      [
        cause?.finding.rule,
        cause?.finding.layer,
        cause?.finding.subject,
        cause?.finding.since,
        cause?.finding.evidence,
      ],
      ['coordinator-frozen', 'application', 'coordinator', 46_000, [run.coordinator.told]],
    );
    assert.deepEqual(explainedBy(cause), ofEverybody);
    const frozen = (...told: readonly number[]): boolean => {
      told.forEach((at, i) => run.processes.set(`node-${i}`, process(at)));
      return sharedCause(run) !== null;
    };
    assert.equal(frozen(48_000, 47_999), true, 'half of the others tick');
    assert.equal(frozen(47_999, 47_999), false, 'none of them does: it is not the coordinator');
    assert.equal(frozen(48_000, 47_999, 47_999), false);
  });

  test('that stood still for 4 s is told to go on for 3 s, or until everybody has found back', () => {
    const told = moment(80_000, 'its clock runs');
    const { node, run } = seen({}, { now: 83_000, coordinatorPause: { from: 76_000, to: 80_000, told } });
    const back = sharedCause(run);
    assert.deepEqual(
      [
        back?.finding.rule,
        back?.finding.layer,
        back?.finding.subject,
        back?.finding.since,
        back?.finding.ages,
        back?.finding.evidence,
      ],
      ['coordinator-frozen', 'application', 'coordinator', 76_000, true, [told]],
    );
    assert.equal(back?.finding.sentence, 'The coordinator goes on: its process stood still for 4.0 s.');
    assert.deepEqual(explainedBy(back), ofEverybody);
    run.now++;
    assert.equal(sharedCause(run), null);
    node.linkDown = moment(79_000);
    assert.notEqual(sharedCause(run), null);
    run.coordinatorPause = { from: 76_001, to: 80_000, told };
    assert.equal(sharedCause(run), null, 'shorter is nothing');
  });
});

describe('several out of reach', () => {
  const lost = (subject: string, since: number, over: Partial<Finding> = {}): Finding =>
    finding('link-lost', subject, since, over);
  const cause = (
    findings: readonly Finding[],
    waited: number,
    standing: readonly StandingCause[] = [],
    run: Partial<RunObservation> = {},
  ): ReturnType<typeof commonCause> => commonCause(findings, waited, seen({}, run).run, standing);

  test('within 3 s, at least two and six of ten, share a cause', () => {
    const found = cause([lost('a', 10_000), lost('b', 13_000)], 3);
    assert.deepEqual(
      [found?.finding.rule, found?.finding.layer, found?.finding.subject, found?.finding.since],
      ['many-out-of-reach', 'link', 'the network', 10_000],
    );
    assert.equal(
      found?.finding.explanation,
      "a, b, within 3.0 s. The cause lies in the coordinator's own network, or in one that they share.",
    );
    assert.deepEqual(found.finding.evidence, [moment(10_000, 'a begins'), moment(13_000, 'b begins')]);
    assert.deepEqual([explainedBy(found, 'a'), explainedBy(found, 'c')], [['link-lost'], []]);
    assert.equal(cause([lost('a', 10_000), lost('b', 13_001)], 2), null);
    assert.equal(cause([lost('b', 13_001), lost('a', 10_000)], 2), null);
    assert.equal(cause([lost('a', 10_000)], 1), null);
    assert.equal(cause([lost('a', 10_000), lost('b', 10_000)], 4), null, 'two of four');
    const three = ['a', 'b', 'c'].map((name) => lost(name, 10_000));
    assert.notEqual(cause(three, 5), null, 'three of five');
    assert.equal(cause(three, 6), null, 'three of six');
    assert.match(
      cause(three, 5, [], { chair: 'demo' })?.finding.explanation ?? '',
      /The cause lies on this machine\.$/,
    );
  });
  test('it stands while the same trouble is told by another rule, from another moment on', () => {
    const stands: StandingCause = { rule: 'many-out-of-reach', since: 10_000 } as StandingCause;
    // Silent since 10 s, given up for that at 15 s.
    assert.notEqual(cause([lost('a', 15_000), lost('b', 15_150)], 3, [stands]), null);
    assert.notEqual(cause([lost('a', 18_000)], 3, [stands]), null);
    assert.equal(cause([lost('a', 18_001)], 3, [stands]), null, 'what comes later is another trouble');
  });
  test('of whose trouble is explained already, or is not of the link, nothing is counted', () => {
    assert.equal(cause([lost('a', 10_000), lost('b', 10_000, { fault: 'loss' })], 2), null);
    assert.equal(cause([lost('a', 10_000), finding('trainer-frozen', 'b', 10_000)], 2), null);
    assert.notEqual(cause([lost('a', 10_000), finding('process-frozen', 'b', 10_000)], 2), null);
  });
  test('the last one is still of that cause while its verdict stands', () => {
    const standing = [{ rule: 'many-out-of-reach', since: 12_000 }];
    assert.equal(cause([lost('a', 10_000)], 4, standing)?.finding.since, 10_000);
    assert.equal(cause([lost('a', 20_001)], 4, standing), null, 'it began later than that');
    assert.equal(cause([lost('a', 10_000)], 4, [{ rule: 'broker-lost', since: 12_000 }]), null);
    assert.equal(cause([], 4, standing), null);
  });
});

describe('a machine', () => {
  /** Five processes at 100 s, so many of which ran late by so much. */
  function demo(late: number, ms: number, over: Partial<RunObservation> = {}): RunObservation {
    const { run } = seen({}, { chair: 'demo', ...over });
    for (let i = 0; i < 5; i++)
      run.processes.set(`node-${i}`, process(run.now - 500 + i, { late: i < late ? { at: 97_000, ms } : null }));
    return run;
  }
  const silent = ['a', 'b'].map((name) => finding('participant-silent', name, 90_000));

  test('whose clocks run late is overloaded, and nobody else is to blame', () => {
    const found = commonCause(silent, 2, demo(3, 300), []);
    assert.deepEqual(
      [found?.finding.rule, found?.finding.layer, found?.finding.subject, found?.finding.since],
      ['machine-overloaded', 'application', 'this machine', 90_000],
    );
    assert.equal(found?.finding.sentence, 'This machine is overloaded: 5 processes on 2 cores.');
    assert.equal(
      found.finding.explanation,
      '2 participants wait for the processor at the same time (a, b); none of them is to blame. 3 of 5 processes ran up to 0.3 s late.',
    );
    assert.deepEqual(
      found.finding.evidence.map(({ at }) => at),
      [90_010, 90_010, 99_500, 99_501, 99_502],
    );
    assert.deepEqual(
      [explainedBy(found, 'a'), explainedBy(found, 'c')],
      [['link-lost', 'trainer-frozen', 'first-step-slow', 'process-frozen'], []],
    );
    assert.equal(
      commonCause(silent, 2, demo(3, 300, { cores: 1 }), [])?.finding.sentence,
      'This machine is overloaded: 5 processes on 1 core.',
    );
    assert.equal(
      commonCause(silent, 2, demo(3, 300, { cores: null }), [])?.finding.sentence,
      'This machine is overloaded: 5 processes.',
    );
  });
  test('is not, for fewer than three late clocks, or for 199 ms, or for what was 5 s ago', () => {
    const rule = (run: RunObservation): unknown => commonCause(silent, 2, run, [])?.finding.rule;
    assert.equal(rule(demo(2, 300)), 'many-out-of-reach');
    assert.equal(rule(demo(3, 199)), 'many-out-of-reach');
    assert.equal(rule(demo(3, 200)), 'machine-overloaded');
    assert.equal(rule(demo(3, 300, { now: 102_000 })), 'machine-overloaded');
    assert.equal(rule(demo(3, 300, { now: 102_001 })), 'many-out-of-reach');
    const quiet = demo(0, 0, { now: 100_902 });
    for (let i = 0; i < 5; i++) quiet.processes.set(`node-${i}`, process(99_500 + i));
    assert.equal(rule(quiet), 'machine-overloaded', 'who has not told of itself for 1.4 s is late too');
    quiet.now--;
    assert.equal(rule(quiet), 'many-out-of-reach');
    assert.equal(
      rule(demo(3, 300, { chair: 'coordinator' })),
      'many-out-of-reach',
      'of other machines nothing is known',
    );
  });
  test('is, for a single participant only where clocks are very late or the verdict stands', () => {
    const one = silent.slice(0, 1);
    assert.equal(commonCause(one, 2, demo(3, 300), []), null);
    assert.equal(commonCause(one, 2, demo(3, 699), []), null);
    const severe = commonCause(one, 2, demo(3, 700), []);
    assert.match(severe?.finding.explanation ?? '', /^One participant waits for the processor at the same time \(a\)/);
    assert.notEqual(commonCause(one, 2, demo(3, 300), [{ rule: 'machine-overloaded', since: 0 }]), null);
    assert.equal(commonCause(one, 2, demo(3, 300), [{ rule: 'broker-lost', since: 0 }]), null);
    assert.equal(commonCause([], 2, demo(3, 900), []), null);
  });
  test('on which three train and make no step, half of those waited for, is overloaded even where clocks are on time', () => {
    const slow = ['a', 'b', 'c'].map((name) => finding('first-step-slow', name, 90_000));
    const found = commonCause(slow, 6, demo(0, 0), []);
    assert.match(found?.finding.explanation ?? '', /Together the processes use 202 % of a core\.$/);
    assert.deepEqual(
      found?.finding.evidence.map(({ at }) => at),
      [90_010, 90_010, 90_010],
    );
    assert.equal(commonCause(slow, 7, demo(0, 0), []), null);
    assert.equal(commonCause(slow.slice(1), 2, demo(0, 0), []), null);
    assert.equal(commonCause(slow, 6, demo(0, 0, { chair: 'coordinator' }), []), null);
  });
  test('many are told by their first names', () => {
    const { run } = seen({}, { chair: 'demo' });
    for (let i = 0; i < 20; i++) {
      joined(run, `node-${i}`);
      run.processes.set(`node-${i}`, process(90_000 + i, { late: { at: 99_000, ms: 800 } }));
    }
    const all = Array.from({ length: 8 }, (_, i) => finding('link-lost', `node-${i}`, 80_000 + i));
    const found = commonCause(all, 8, run, [])?.finding;
    assert.match(found?.explanation ?? '', /^8 participants wait .* \(node-0, node-1, node-2 and 5 more\)/);
    assert.equal(found?.evidence.length, 8);
  });
});
