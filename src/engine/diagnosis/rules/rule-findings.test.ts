import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { joined, moment, seen, type Seen } from '#test/support/recorded/observed-run.ts';
import type { Finding } from '../finding.ts';
import type { EvidenceRef, ParticipantObservation, SessionObservation } from '../observation.ts';
import { linkFlapping, processFrozen, sureRules, symptomRules } from './participant-rules.ts';

function find({ node, run }: Seen, now: number, standing: string | null = null): Finding | null {
  run.now = now;
  for (const rule of [...sureRules, ...symptomRules]) {
    const finding = rule(node, run, standing);
    if (finding !== null) return finding;
  }
  return null;
}

/** Found from `at` on, and not 1 ms before. */
function findFrom(at: number, story: Seen, standing: string | null = null): Finding {
  assert.equal(find(story, at - 1, standing), null, `already at ${at - 1}`);
  const finding = find(story, at, standing);
  assert.ok(finding !== null, `not at ${at}`);
  return finding;
}

function refs({ evidence }: Finding): readonly string[] {
  return evidence.map(({ ref }) => ref);
}

describe('a process that has ended', () => {
  const exited = { ...moment(9000, 'process 7 of node-1 is gone: SIGKILL'), expected: false, restarts: false };
  test('is gone for good where nobody starts it again', () => {
    const finding = find(seen({ exited, lastHeard: moment(8900), linkAt: moment(9100) }), 9000);
    assert.equal(finding?.rule, 'participant-dead');
    assert.deepEqual(
      [finding.layer, finding.subject, finding.since, finding.fault],
      ['application', 'node-1', 9000, undefined],
    );
    assert.deepEqual(refs(finding), ['event:8900', 'event:9000', 'event:9100']);
    assert.match(
      finding.explanation,
      /^The operating system reports it \(process 7 of node-1 is gone: SIGKILL\)\. It does not/,
    );
  });
  test('or is started again; the fault that did it is named', () => {
    const story = seen({ exited: { ...exited, restarts: true }, lastHeard: moment(8900), linkAt: moment(9100) });
    story.node.faults.set('kill-participant', { injectedAt: 8990, clearedAt: null });
    assert.equal(find(story, 9000)?.fault, undefined, 'who is killed for good is not started again');
    story.node.faults.set('crash-participant', { injectedAt: 8990, clearedAt: null });
    const finding = find(story, 9000);
    assert.deepEqual(
      [finding?.rule, finding?.fault, finding?.since],
      ['participant-restarting', 'crash-participant', 9000],
    );
    assert.deepEqual(refs(finding as Finding), ['event:8900', 'event:9000']);
    story.node.exited = exited;
    assert.equal(find(story, 9000)?.fault, 'kill-participant', 'the first that fits');
  });
});

test('a pause is told at once, before anything that follows from it', () => {
  const finding = find(seen({ paused: moment(5000), lastHeard: moment(0) }), 60_000);
  assert.deepEqual(
    [finding?.rule, finding?.layer, finding?.subject, finding?.since, finding?.evidence],
    ['participant-paused', 'application', 'node-1', 5000, [moment(5000)]],
  );
});

describe('a fault explains', () => {
  const faultAt = (since: number, now: number, fault: { injectedAt: number; clearedAt: number | null }): unknown => {
    const story = seen({ linkDown: moment(since), linkState: 'lost' });
    story.node.faults.set('loss', fault);
    return find(story, now)?.fault;
  };
  test('whatever there is while it lasts', () => {
    assert.equal(faultAt(20_000, 90_000, { injectedAt: 60_000, clearedAt: null }), 'loss');
  });
  test('and once it is over what began from 1.5 s before it to 3 s after it', () => {
    const fault = { injectedAt: 10_000, clearedAt: 12_000 };
    const named = [8499, 8500, 15_000, 15_001].map((since) => faultAt(since, 19_000, fault));
    assert.deepEqual(named, [undefined, 'loss', 'loss', undefined]);
  });
  test('for 15 s', () => {
    const fault = { injectedAt: 10_000, clearedAt: 12_000 };
    assert.deepEqual([faultAt(11_000, 27_000, fault), faultAt(11_000, 27_001, fault)], ['loss', undefined]);
  });
});

describe('a connection per message', () => {
  /** Sessions of 100 ms, one a second, the last one closed at `last`. */
  function habit(count: number, last: number, end: SessionObservation['end'] = 'hung_up'): SessionObservation[] {
    return Array.from({ length: count }, (_, i) => {
      const closedAt = last - 1000 * (count - 1 - i);
      return { connection: i + 1, opened: moment(closedAt - 100), closed: moment(closedAt), end };
    });
  }
  const told = (
    sessions: SessionObservation[],
    over: Partial<ParticipantObservation> = {},
    now = 10_000,
  ): Finding | null => find(seen({ sessions, undeliverable: [moment(8950)], linkState: 'ready', ...over }), now);

  test('takes three that were hung up, and more than half of all', () => {
    assert.equal(told(habit(2, 10_000)), null);
    const finding = told(habit(3, 10_000));
    assert.deepEqual([finding?.rule, finding?.layer, finding?.since], ['connection-per-message', 'transport', 8950]);
    assert.match(finding?.explanation ?? '', /^3 connections in the last 2\.1 s, each hung up by node-1 itself\./);
    assert.deepEqual(refs(finding as Finding), [
      'event:7900',
      'event:8000',
      'event:8900',
      'event:8950',
      'event:9000',
      'event:9900',
      'event:10000',
    ]);
    assert.equal(told([...habit(3, 9500, 'broken'), ...habit(3, 10_000)]), null, 'as many broke');
    assert.notEqual(told([...habit(2, 9500, 'broken'), ...habit(3, 10_000)]), null);
  });
  test('within ten seconds', () => {
    assert.notEqual(told(habit(3, 10_000), {}, 18_000), null, 'the first was closed 10 s ago');
    assert.equal(told(habit(3, 10_000), {}, 18_001), null);
  });
  test('is none for who was heard to hear since', () => {
    assert.equal(told(habit(3, 10_000), { lastEcho: moment(10_001) }), null);
    assert.notEqual(told(habit(3, 10_000), { lastEcho: moment(10_000) }), null);
  });
  test('began when the good session before it was hung up, not when that was opened', () => {
    const [first, ...rest] = habit(3, 19_000);
    const sessions = [{ ...(first as SessionObservation), opened: moment(1000) }, ...rest];
    const finding = told(sessions, { undeliverable: [moment(1100), moment(17_200)] }, 19_500);
    assert.equal(finding?.since, 17_200);
    assert.match(finding.explanation, /^3 connections in the last 3\.5 s/);
  });

  test('began with the first answer that was lost since, of the last 20 s', () => {
    const since = (undeliverable: EvidenceRef[], now = 10_000): unknown =>
      told(habit(3, 10_000), { undeliverable }, now)?.since;
    assert.equal(since([]), undefined);
    assert.equal(since([moment(2000)]), 2000, 'an earlier one, if there is no other');
    assert.equal(since([moment(2000), moment(7900), moment(9000)]), 7900);
    const later = (at: number): unknown =>
      find(seen({ sessions: habit(3, 40_000), undeliverable: [moment(at)] }), 40_000)?.since;
    assert.equal(later(20_000), 20_000);
    assert.equal(later(19_999), undefined);
  });
  test('shows the last three of many, and the last four answers', () => {
    const undeliverable = [8, 7, 6, 5, 4].map((s) => moment(10_000 - 1000 * s + 50));
    const finding = told(habit(5, 10_000), { undeliverable });
    assert.deepEqual(
      finding?.evidence.map(({ at }) => at),
      [3050, 4050, 5050, 6050, 7900, 8000, 8900, 9000, 9900, 10_000],
    );
    assert.match(finding.explanation, /^5 connections in the last 4\.1 s/);
  });
});

test('a process on this machine stands still when it has told nothing for 4 s', () => {
  const process = {
    pid: 7,
    told: moment(10_000, "node-1's process: training"),
    cpuPercent: 5,
    busyAt: null,
    late: null,
    signAt: 10_000,
    toldUntil: 10_000,
    backAt: 0,
  };
  const story = seen({ process, lastHeard: moment(9900), linkState: 'ready' });
  const finding = findFrom(14_000, story);
  assert.deepEqual(
    [finding.rule, finding.layer, finding.since, refs(finding)],
    ['process-frozen', 'application', 10_000, ['event:9900', 'event:10000']],
  );
  assert.match(finding.explanation, /nothing since node-1's process: training, and/);
  assert.equal(processFrozen(seen({}).node, story.run, null), null, 'of one elsewhere nothing is known');
});

describe('a link that flaps', () => {
  /** Sessions of 1 s that broke at these times. */
  const broke = (...ends: readonly number[]): SessionObservation[] =>
    ends.map((end, i) => ({
      connection: i + 1,
      opened: moment(end - 1000),
      closed: moment(end, 'reset'),
      end: 'broken',
    }));
  const told = (sessions: SessionObservation[], now: number, standing: string | null = null): Finding | null => {
    const story = seen({ sessions });
    story.run.now = now;
    return linkFlapping(story.node, story.run, standing);
  };

  test('has broken three times in a minute, and within the last 20 s', () => {
    assert.equal(told(broke(10_000, 20_000), 21_000), null);
    const finding = told(broke(10_000, 20_000, 30_000), 31_000);
    assert.deepEqual(
      [finding?.rule, finding?.layer, finding?.since, finding?.subject],
      ['link-flapping', 'link', 10_000, 'node-1'],
    );
    assert.equal(finding?.sentence, "node-1's link opens and breaks again: 3 times in 20 s.");
    assert.match(finding.explanation, /for this reason: reset\. /);
    assert.deepEqual(refs(finding), ['event:10000', 'event:20000', 'event:30000']);
    assert.notEqual(told(broke(10_000, 20_000, 60_000), 70_000), null, 'the first one is 60 s old');
    assert.equal(told(broke(10_000, 20_000, 60_000), 70_001), null);
    assert.notEqual(told(broke(10_000, 20_000, 30_000), 49_999), null);
    assert.equal(told(broke(10_000, 20_000, 30_000), 50_000), null, 'it has held for 20 s');
  });
  test('flaps on with fewer while its verdict stands, until it has held for 20 s', () => {
    assert.notEqual(told(broke(10_000, 20_000, 75_000), 80_001, 'link-flapping'), null);
    assert.equal(told(broke(10_000, 20_000, 75_000), 80_001, 'link-lost'), null);
    assert.equal(told(broke(10_000, 20_000, 75_000), 95_000, 'link-flapping'), null);
    assert.equal(told([], 95_000, 'link-flapping'), null);
  });
  test('does not flap for what came before a session that held for 20 s, or that was left on purpose', () => {
    const [a, b, c] = broke(10_000, 20_000, 50_000) as [SessionObservation, SessionObservation, SessionObservation];
    assert.equal(told([a, b, { ...c, opened: moment(30_000) }], 51_000), null);
    assert.notEqual(told([a, b, { ...c, opened: moment(30_001) }], 51_000), null);
    assert.notEqual(told([{ ...a, opened: moment(-90_000) }, b, c], 51_000), null, 'the one that held is the first');
    assert.equal(told([a, { ...b, end: 'on_purpose' }, c], 51_000), null);
    const open = { connection: 4, opened: moment(50_500), closed: null, end: 'open' } as const;
    assert.equal(told([a, b, c, open], 51_000)?.evidence.length, 3, 'one that is open is no break');
  });
  test('is not its own when half of the others broke with it', () => {
    const story = seen({ sessions: broke(10_000, 20_000, 30_000) });
    story.run.now = 31_000;
    const other = (id: string, ends: readonly number[], isIn = true): void => {
      joined(story.run, id, { joined: isIn, sessions: broke(...ends) });
    };
    const flaps = (): boolean => linkFlapping(story.node, story.run, null) !== null;
    other('node-2', [30_000 + 2501]);
    assert.equal(flaps(), true);
    other('node-2', [30_000 + 2500]);
    assert.equal(flaps(), false);
    other('node-3', []);
    assert.equal(flaps(), false, 'one of two');
    other('node-4', []);
    assert.equal(flaps(), true, 'one of three');
    other('node-4', [], false);
    assert.equal(flaps(), false, 'who has not joined is nobody');
    const [ended] = broke(30_000) as [SessionObservation];
    joined(story.run, 'node-2', { sessions: [{ ...ended, end: 'hung_up' }] });
    assert.equal(flaps(), true, 'a session that was hung up did not break');
  });
  test('and what is forgiven is not counted', () => {
    const story = seen({ sessions: broke(10_000, 20_000, 30_000) }, { now: 31_000, forgiveBefore: 10_001 });
    assert.equal(linkFlapping(story.node, story.run, null), null);
    story.run.forgiveBefore = 10_000;
    assert.notEqual(linkFlapping(story.node, story.run, null), null);
  });
});

describe('a link that is down', () => {
  test('for 3 s is lost', () => {
    const finding = findFrom(
      13_000,
      seen({ linkDown: moment(10_000), linkReason: 'cut', linkState: 'lost', lastHeard: moment(9000) }),
    );
    assert.deepEqual(
      [finding.rule, finding.layer, finding.since, refs(finding)],
      ['link-lost', 'link', 10_000, ['event:9000', 'event:10000']],
    );
    assert.equal(finding.sentence, 'node-1 is out of reach: its QUIC link is down.');
    assert.equal(finding.explanation, 'Reason: cut. Nothing has been heard of a new connection.');
  });
  test('says that it dials, where that is known', () => {
    const told = (state: 'resuming' | 'ready' | 'closed'): Finding | null =>
      find(
        seen({ linkDown: moment(10_000), linkState: 'lost', ownLink: { state, reason: 'dialing', at: 11_000 } }),
        13_000,
      );
    assert.equal(told('resuming')?.sentence, 'node-1 is out of reach: its QUIC link is down, and it dials again.');
    assert.equal(told('resuming')?.explanation, 'No reason was given. It says itself: dialing.');
    for (const state of ['ready', 'closed'] as const)
      assert.match(told(state)?.explanation ?? '', /Nothing has been heard/);
  });
  test('is the end of a silence where that was told already, and the other way round', () => {
    assert.equal(
      find(seen({ linkDown: moment(10_000), lastHeard: moment(10_000) }), 15_999, 'participant-silent'),
      null,
    );
    assert.equal(find(seen({ linkDown: moment(14_000), lastHeard: moment(10_000) }), 16_000, 'link-lost'), null);
  });
});

test('silence of 6 s is told, with what became of the connection', () => {
  const silent = { lastHeard: moment(10_000, 'heartbeat received'), linkState: 'ready' } as const;
  const finding = findFrom(16_000, seen(silent));
  assert.deepEqual(
    [finding.rule, finding.layer, finding.since, refs(finding)],
    ['participant-silent', 'link', 10_000, ['event:10000']],
  );
  assert.match(finding.explanation, /^Last heard: heartbeat received\. Its connection has not been closed/);
  const given = find(seen({ ...silent, linkDown: moment(15_000) }), 16_000);
  assert.match(given?.explanation ?? '', /Its connection was given up for that/);
  assert.deepEqual(refs(given as Finding), ['event:10000', 'event:15000']);
  const back = seen({ ...silent, backAt: 12_000 });
  assert.equal(findFrom(18_000, back).since, 10_000, 'what it missed before it was back is not held against it');
});
