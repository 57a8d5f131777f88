import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EventData, EventType, RecordedEvent } from '#shared/contract/events.ts';
import { limits } from '#shared/contract/limits.ts';
import { moment, seen, type Seen } from '#test/support/recorded/observed-run.ts';
import { observeEvent } from './observe-event.ts';

/** A name in an event is checked when the event is made, not here. */
type Loose<T> = { readonly [K in keyof T]?: T[K] extends string | undefined ? string : T[K] };

/** Only what the fold looks at. */
function tell<T extends EventType>(
  { run }: Seen,
  at: number,
  type: T,
  data: Loose<EventData<T>>,
  source = 'coordinator',
): void {
  observeEvent(run, { type, data, at, id: at, source, run: 'r-1' } as unknown as RecordedEvent);
}

describe('who sees the run', () => {
  test('a participant checks its own link from the beginning, others once the run has started', () => {
    const story = seen({}, { chair: null, running: false });
    tell(story, 1, 'run_opened', { chair: 'participant', self: 'node-1' });
    assert.deepEqual([story.run.chair, story.run.self, story.run.running], ['participant', 'node-1', true]);
    tell(story, 2, 'run_opened', { chair: 'coordinator' });
    assert.deepEqual([story.run.chair, story.run.self, story.run.running], ['coordinator', 'node-1', false]);
    tell(story, 3, 'run_started', {});
    assert.deepEqual([story.run.chair, story.run.self, story.run.running], ['coordinator', 'node-1', true]);
    tell(story, 4, 'run_ended', {});
    assert.equal(story.run.running, false);
  });
  test('a chair that was not told follows from who tells of the start', () => {
    const chairOf = (data: Loose<EventData<'run_started'>>, source: string): unknown => {
      const story = seen({}, { chair: null, coordinatorGone: moment(1) });
      tell(story, 1, 'run_started', data, source);
      assert.equal(story.run.coordinatorGone, null);
      return [story.run.chair, story.run.self];
    };
    assert.deepEqual(chairOf({ demo: {} as never }, 'coordinator'), ['demo', null]);
    assert.deepEqual(chairOf({}, 'coordinator'), ['coordinator', null]);
    assert.deepEqual(chairOf({ self: 'node-1' }, 'node-1'), ['participant', 'node-1']);
  });
  test('a run that is taken up again holds nothing of before against anybody', () => {
    const known = {
      linkState: 'ready',
      linkAt: moment(1),
      linkDown: moment(1),
      obstacle: moment(1),
      lastHeard: moment(1),
      lastEcho: moment(1),
      transfer: {} as never,
    } as const;
    const story = seen(
      { ...known, sessions: [{} as never], undeliverable: [moment(1)] },
      { coordinatorGone: moment(5), forgiveBefore: 7 },
    );
    tell(story, 9, 'run_resumed', {});
    const { linkState, linkAt, linkDown, obstacle, lastHeard, lastEcho, transfer, sessions, undeliverable } =
      story.node;
    assert.deepEqual(
      { linkState, linkAt, linkDown, obstacle, lastHeard, lastEcho, transfer, sessions, undeliverable },
      {
        linkState: 'connecting',
        linkAt: null,
        linkDown: null,
        obstacle: null,
        lastHeard: null,
        lastEcho: null,
        transfer: null,
        sessions: [],
        undeliverable: [],
      },
    );
    assert.deepEqual([story.run.coordinatorGone, story.run.forgiveBefore], [null, 9]);
    tell(story, 3, 'run_resumed', {});
    assert.equal(story.run.forgiveBefore, 9, 'what is forgiven stays so');
  });
});

describe('what a participant does', () => {
  test('who joins is back, over the protocol that it says', () => {
    const story = seen({ joined: false, left: moment(1), exited: moment(1) as never, protocol: 'quic' });
    tell(story, 5, 'participant_joined', { participant: 'node-1', protocol: 'mqtt' });
    const { joined, left, exited, protocol } = story.node;
    assert.deepEqual([joined, left, exited, protocol], [true, null, null, 'mqtt']);
    tell(story, 6, 'participant_left', { participant: 'node-1', reason: 'lunch' });
    assert.deepEqual(story.node.left, moment(6, 'node-1 left: lunch'));
  });
  test('a pause lasts from its first word, and the time of it is not held against the trainer', () => {
    const story = seen({ lastProgress: moment(1) });
    const pause = (at: number, paused: boolean, reason = ''): void =>
      tell(story, at, 'participant_paused', { participant: 'node-1', paused, reason });
    pause(5, true);
    pause(6, true, 'battery');
    assert.deepEqual(story.node.paused, moment(5, 'node-1 pauses: no reason given'));
    assert.equal(story.node.lastProgress?.at, 1);
    pause(9, false);
    assert.deepEqual([story.node.paused, story.node.lastProgress], [null, moment(9, 'node-1 goes on')]);
    story.node.lastProgress = null;
    pause(10, false);
    assert.equal(story.node.lastProgress, null);
  });
  test('a phase begins once, and forgets what belonged to the one before', () => {
    const story = seen({ trained: moment(1), transfer: {} as never, firstStep: false });
    const phase = (at: number, to: EventData<'participant_phase'>['phase'], round: number): void =>
      tell(story, at, 'participant_phase', { participant: 'node-1', phase: to, round });
    phase(5, 'send', 2);
    assert.deepEqual(
      [story.node.phaseAt, story.node.lastProgress, story.node.firstStep],
      [moment(5, 'node-1: sends its update, round 2'), moment(5, 'node-1: sends its update, round 2'), true],
    );
    assert.deepEqual([story.node.trained, story.node.transfer], [moment(1), {}], 'what is sent was trained');
    phase(6, 'send', 2);
    assert.equal(story.node.phaseAt?.at, 5, 'the same is told twice');
    phase(7, 'send', 3);
    assert.equal(story.node.phaseAt.at, 7);
    phase(8, 'receive', 3);
    assert.deepEqual([story.node.trained, story.node.transfer], [null, {}]);
    phase(9, 'train', 3);
    assert.equal(story.node.transfer, null);
  });
  test('steps tell the pace: the first one apart from the pauses between the others', () => {
    const story = seen({});
    const step = (at: number, batch: number, over: Loose<EventData<'training_progress'>> = {}): void =>
      tell(story, at, 'training_progress', { participant: 'node-1', epoch: 1, epochs: 1, batch, batches: 4, ...over });
    step(50, 1);
    assert.deepEqual([story.node.firstStepMsMax, story.node.progressGapMsMax], [0, 0], 'of no known beginning');
    step(70, 2);
    assert.deepEqual([story.node.firstStepMsMax, story.node.progressGapMsMax], [0, 0], 'nor of a training');
    tell(story, 100, 'participant_phase', { participant: 'node-1', phase: 'train', round: 1 });
    step(130, 1);
    step(150, 2);
    step(160, 3);
    assert.deepEqual([story.node.firstStepMsMax, story.node.progressGapMsMax, story.node.trained], [30, 20, null]);
    assert.deepEqual([story.node.lastProgress, story.node.firstStep], [moment(160, 'batch 3 of 4'), false]);
    step(170, 4, { epochs: 2 });
    assert.deepEqual([story.node.lastProgress, story.node.trained], [moment(170, 'batch 4 of 4, epoch 1 of 2'), null]);
    step(175, 3, { epoch: 2, epochs: 2 });
    assert.ok(!story.node.trained);
    step(180, 4, { epoch: 2, epochs: 2 });
    assert.deepEqual(story.node.trained, moment(180, 'batch 4 of 4, epoch 2 of 2'));
    tell(story, 190, 'training_done', { participant: 'node-1', round: 1 });
    assert.deepEqual(story.node.trained, moment(180, 'batch 4 of 4, epoch 2 of 2'));
    tell(story, 195, 'update_received', { participant: 'node-1' });
    assert.equal(story.node.trained, null);
    tell(story, 200, 'training_done', { participant: 'node-1', round: 1 });
    assert.deepEqual(story.node.trained, moment(200, 'training of round 1 done'));
    story.node.transfer = {} as never;
    tell(story, 210, 'update_acknowledged', { participant: 'node-1' });
    assert.deepEqual([story.node.trained, story.node.transfer], [null, null]);
  });
  test('a transfer moves until its receiver has all of it', () => {
    const data = {
      participant: 'node-1',
      round: 1,
      kind: 'model_update',
      direction: 'up',
      sentBytes: 1e6,
      totalBytes: 2e6,
    } as const;
    const after = (
      chair: 'demo' | 'coordinator',
      source: string,
      over: Loose<EventData<'transfer_progress'>> = {},
    ): unknown => {
      const story = seen({}, { chair });
      tell(story, 5, 'transfer_progress', { ...data, ...over }, source);
      return story.node.transfer?.moved.text ?? null;
    };
    assert.equal(after('coordinator', 'coordinator'), 'model_update: 1.0 of 2.0 MB');
    assert.equal(after('demo', 'node-1'), null, 'where both ends tell, what arrived counts');
    assert.equal(after('demo', 'node-1', { direction: 'down' }), 'model_update: 1.0 of 2.0 MB');
    assert.equal(after('demo', 'coordinator', { direction: 'down' }), null);
    assert.equal(after('coordinator', 'coordinator', { sentBytes: 2e6 }), null);
    assert.equal(
      after('coordinator', 'node-1', { sentBytes: 2e6 }),
      'model_update: 2.0 of 2.0 MB',
      'sent is not arrived',
    );
  });
});

describe('its link', () => {
  const link = (story: Seen, at: number, over: Loose<EventData<'link_state'>>, source = 'coordinator'): void =>
    tell(
      story,
      at,
      'link_state',
      { participant: 'node-1', side: 'coordinator', state: 'ready', reason: '', connections: 1, ...over },
      source,
    );
  test('is down from when it was first said, and back when it is open', () => {
    const story = seen({ connections: 0 });
    link(story, 5, { state: 'connecting', connections: 0 });
    assert.equal(story.node.linkDown, null, 'it was never open');
    link(story, 10, {});
    assert.deepEqual([story.node.backAt, story.node.linkAt], [10, moment(10, 'link ready')]);
    link(story, 12, { reason: 'well again' });
    assert.deepEqual([story.node.linkAt?.at, story.node.linkReason, story.node.backAt], [10, 'well again', 10]);
    link(story, 20, { state: 'lost', reason: 'cut' });
    link(story, 25, { state: 'resuming' });
    assert.deepEqual([story.node.linkDown, story.node.linkAt?.at], [moment(20, 'link lost: cut'), 25]);
    link(story, 30, {});
    assert.deepEqual([story.node.linkDown, story.node.backAt], [null, 30]);
    link(story, 40, { connections: 2 });
    assert.equal(story.node.backAt, 40, 'another connection is another life');
  });
  test("the other end's word stands apart", () => {
    const story = seen({});
    link(story, 5, { side: 'participant', state: 'resuming', reason: 'dialing' });
    assert.deepEqual([story.node.ownLink, story.node.linkAt], [{ state: 'resuming', reason: 'dialing', at: 5 }, null]);
    const own = seen({}, { chair: 'participant' });
    link(own, 5, { side: 'participant', state: 'lost' });
    assert.deepEqual([own.node.ownLink, own.node.linkDown], [null, moment(5, 'link lost')]);
  });
  test('an obstacle stands from its first word until the own side is open', () => {
    const story = seen({});
    link(story, 5, { obstacle: 'too large', state: 'lost' });
    link(story, 6, { obstacle: 'larger', state: 'lost' });
    link(story, 7, { state: 'lost' });
    link(story, 8, { side: 'participant' });
    assert.deepEqual(story.node.obstacle, moment(5, 'too large'));
    link(story, 9, { state: 'degraded' });
    assert.deepEqual([story.node.obstacle, story.node.backAt], [null, 9]);
  });
  test('attempts are counted over their ways until the link is open', () => {
    const story = seen({}, { self: 'node-1' });
    const attempt = (at: number, number: number, over: Loose<EventData<'link_attempt'>> = {}): void =>
      tell(story, at, 'link_attempt', {
        participant: 'node-1',
        number,
        stack: 'quinn',
        address: 'h:1',
        result: 'no_answer',
        reason: '',
        ...over,
      });
    attempt(5, 1, { result: 'trying' });
    assert.deepEqual(
      [story.run.dial?.attempts, story.run.dial?.told.text],
      [0, 'attempt 1 at h:1 over UDP: under way'],
    );
    attempt(6, 1);
    attempt(7, 2, { stack: 'webtransport-h2', reason: 'ECONNREFUSED' });
    assert.deepEqual(
      [story.run.dial?.attempts, [...(story.run.dial?.ways ?? [])], story.run.dial?.since.at, story.run.dial?.told],
      [2, ['UDP', 'TCP'], 5, moment(7, 'attempt 2 at h:1 over TCP: ECONNREFUSED')],
    );
    attempt(9, 1, { stack: 'webtransport-h3', participant: 'node-2' });
    assert.equal(story.run.dial?.told.at, 7, "others' attempts are not told of here");
    attempt(10, 1, { stack: 'cyclonedds' });
    assert.deepEqual([story.run.dial.since.at, [...story.run.dial.ways]], [10, ['UDP']], 'they begin again');
    attempt(11, 2, { stack: 'webtransport-h3' });
    assert.deepEqual([...story.run.dial.ways], ['UDP']);
    link(story, 12, {});
    assert.equal(story.run.dial, null);
  });
});

describe('its machine', () => {
  test('a broker is told with when it was lost, and forgives what was before it was back', () => {
    const story = seen({}, { self: 'node-1' });
    const state = (
      at: number,
      to: EventData<'broker_state'>['state'],
      over: Loose<EventData<'broker_state'>> = {},
    ): void => tell(story, at, 'broker_state', { address: 'a', protocol: 'mqtt', state: to, reason: '', ...over });
    state(5, 'connected');
    assert.deepEqual([story.run.broker?.since, story.run.forgiveBefore], [moment(5, 'a: connected'), 0]);
    state(6, 'lost', { reason: 'cut' });
    state(7, 'lost', { reason: 'refused' });
    assert.deepEqual(
      [story.run.broker?.since, story.run.broker?.losses],
      [moment(6, 'a: lost: cut'), [moment(6, 'a: lost: cut')]],
    );
    state(8, 'connected', { participant: 'node-2' });
    assert.equal(story.run.broker?.state, 'lost', 'that of another is not this one');
    state(9, 'connected', { participant: 'node-1' });
    assert.deepEqual([story.run.broker.since.at, story.run.forgiveBefore, story.run.broker.losses.length], [9, 9, 1]);
    for (let at = 10; at < 60; at += 2) {
      state(at, 'lost');
      state(at + 1, 'connected');
    }
    assert.deepEqual([story.run.broker.losses.length, story.run.broker.losses[0]?.at], [16, 28]);
  });
  test('a machine of which 95 % were in use was busy then, and stays so for another report of the same process', () => {
    const story = seen({});
    const report = (at: number, machineBusyPercent?: number, pid = 7): void => {
      const data = { name: 'node-1', pid, cpuPercent: 20, memoryBytes: 1, loopDelayMsMax: 0, doing: 'training' };
      tell(story, at, 'process_stats', { ...data, machineBusyPercent }, 'node-1');
    };
    report(5000, 94.9);
    assert.equal(story.node.process?.busyAt, null);
    report(6000, 95);
    report(7000, 20);
    report(8000);
    assert.equal(story.node.process?.busyAt, 6000);
    report(9000, 20, 8);
    assert.equal(story.node.process?.busyAt, null);
  });
  test('a process whose clock ran 200 ms late was late, one of 2.5 s stood still', () => {
    const story = seen({});
    const ticks = (at: number, loopDelayMsMax: number, name = 'node-1', pid = 7): void =>
      tell(story, at, 'process_stats', { name, pid, cpuPercent: 20, loopDelayMsMax, doing: 'training' }, name);
    ticks(5000, 199);
    assert.deepEqual(story.node.process, {
      pid: 7,
      told: moment(5000, "node-1's process: training, its clock runs"),
      cpuPercent: 20,
      busyAt: null,
      late: null,
      signAt: 5000,
      toldUntil: 5000,
      backAt: 0,
    });
    ticks(6000, 200);
    ticks(7000, 5);
    assert.deepEqual([story.node.process?.late, story.node.backAt], [{ at: 6000, ms: 200 }, 0]);
    ticks(8000, 2499);
    assert.equal(story.node.backAt, 0);
    ticks(9000, 2500);
    assert.equal(story.node.backAt, 9000);
    ticks(10_000, 2500, 'node-1', 8);
    assert.equal(story.node.backAt, 9000, 'another process starts late');
    ticks(10_500, 5, 'node-1', 9);
    assert.equal(story.node.process?.late, null);
    ticks(11_000, 3000, 'coordinator');
    assert.equal(story.run.coordinatorPause, null);
    ticks(12_000, 2499, 'coordinator');
    assert.equal(story.run.coordinatorPause, null);
    ticks(15_000, 2500, 'coordinator');
    assert.deepEqual(story.run.coordinatorPause, {
      from: 12_500,
      to: 15_000,
      told: moment(15_000, "coordinator's process: training, its clock runs"),
    });
    assert.deepEqual(
      [story.run.forgiveBefore, story.run.coordinator?.told.at, story.run.participants.has('coordinator')],
      [15_000, 15_000, false],
    );
  });
  test('no more processes are kept than participants can be', () => {
    const story = seen({});
    for (let i = 0; i < limits.participantsMax; i++) story.run.processes.set(`p-${i}`, {} as never);
    tell(story, 5, 'process_stats', { name: 'node-1', pid: 7, loopDelayMsMax: 0 });
    assert.equal(story.node.process, null);
    tell(story, 6, 'process_stats', { name: 'p-1', pid: 7, loopDelayMsMax: 0 });
    assert.equal(story.run.processes.get('p-1')?.told.at, 6, 'one that is known goes on');
  });
  test('a process that ends is gone, and said to come back only where somebody starts it', () => {
    const story = seen({ process: {} as never }, { coordinator: {} as never });
    story.run.processes.set('node-1', {} as never);
    tell(story, 5, 'process_exited', { name: 'node-1', pid: 7, expected: true, note: 'exit status 0' });
    assert.deepEqual(story.node.exited, {
      ...moment(5, 'process 7 of node-1 is gone: exit status 0'),
      expected: true,
      restarts: false,
    });
    assert.deepEqual([story.node.process, story.run.processes.size], [null, 0]);
    tell(story, 6, 'process_exited', { name: 'coordinator', pid: 8, note: 'x' });
    assert.deepEqual(
      [story.run.coordinator, story.run.coordinatorGone, story.run.participants.has('coordinator')],
      [null, null, false],
    );
    tell(story, 7, 'process_exited', { name: 'coordinator', pid: 8, note: 'x', restarts: true });
    assert.equal(story.run.coordinatorGone?.at, 7);
  });
  test('a fault that is over keeps when it was; a habit that it made is forgotten with it', () => {
    const story = seen({ sessions: [{} as never], undeliverable: [moment(1)] });
    tell(story, 5, 'fault_injected', { fault: 'loss', participant: 'node-1' });
    tell(story, 6, 'fault_cleared', { fault: 'loss', participant: 'node-1' });
    tell(story, 6, 'fault_cleared', { fault: 'delay', participant: 'node-1' });
    assert.deepEqual([...story.node.faults], [['loss', { injectedAt: 5, clearedAt: 6 }]]);
    assert.deepEqual([story.node.sessions.length, story.node.undeliverable.length], [1, 1]);
    tell(story, 7, 'fault_injected', { fault: 'connection-per-message', participant: 'node-1' });
    tell(story, 8, 'fault_cleared', { fault: 'connection-per-message', participant: 'node-1' });
    assert.deepEqual([story.node.sessions.length, story.node.undeliverable.length], [0, 0]);
    tell(story, 9, 'fault_injected', { fault: 'kill-coordinator', participant: 'coordinator' });
    assert.deepEqual([...story.run.faults.keys()], ['kill-coordinator']);
  });
});
