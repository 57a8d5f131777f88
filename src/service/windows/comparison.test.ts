import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RoundscopeError } from '#shared/base/errors.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import type { ComparisonView } from '#shared/contract/run/comparison.ts';
import type { EventData, EventType, RunEvent } from '#shared/contract/events.ts';
import { asParticipantId, asRunId, type RunId } from '#shared/contract/ids.ts';
import type { NetworkPreset } from '#shared/contract/run/network.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import { demoDefaults, type DemoSettings } from '#shared/contract/run/settings.ts';
import { emptyView } from '#shared/run-view/apply/apply-event.ts';
import { Comparison } from './comparison.ts';
import { ComparisonTally } from './comparison-tally.ts';
import type { RunningFederation } from '../runs/federation.ts';
import { demoOpening } from '../runs/opening.ts';
import { RunHost } from '../runs/run-host.ts';

const participant = asParticipantId('node-1');

function event<T extends EventType>(type: T, data: EventData<T>, at = 0, run: RunId = asRunId('r-1')): RunEvent {
  return { type, run, source: 'node-1', at, data } as RunEvent;
}

function linkState(state: 'connecting' | 'ready', connections: number, at: number): RunEvent {
  const [protocol, stack] = ['quic', 'quinn'] as const;
  return event(
    'link_state',
    { participant, side: 'participant', state, reason: '', protocol, stack, connections, reconnects: 0 },
    at,
  );
}

describe('what a run costs', () => {
  test('connecting is the time from dialing to the first session; re-dials do not count', () => {
    const tally = new ComparisonTally();
    for (const one of [linkState('connecting', 0, 1000), linkState('ready', 1, 1040)]) tally.observe(one);
    for (const one of [linkState('connecting', 1, 5000), linkState('ready', 2, 9000)]) tally.observe(one);
    assert.equal(tally.figures(emptyView('r-1', 0)).connectMs, 40);
  });

  test('processor time is summed over reports, memory is the largest', () => {
    const tally = new ComparisonTally();
    const report = (name: string, cpuPercent: number, memoryBytes: number, at: number): void =>
      tally.observe(
        event('process_stats', { name, pid: 1, cpuPercent, memoryBytes, loopDelayMsMax: 0, doing: '' }, at),
      );
    report('coordinator', 50, 100, 1000);
    report('coordinator', 100, 90, 3000);
    report('node-1', 10, 70, 1000);
    report('node-2', 20, 80, 1000);
    const figures = tally.figures(emptyView('r-1', 0));
    assert.equal(figures.coordinatorCpuS, 0.5 + 2);
    assert.ok(Math.abs(figures.participantsCpuS - 0.3) < 1e-9);
    assert.deepEqual([figures.coordinatorMemoryBytes, figures.participantMemoryBytes], [100, 80]);
  });

  test('nothing known is null, not nought', () => {
    const { roundMs, connectMs, controlP50Ms, controlP99Ms } = new ComparisonTally().figures(emptyView('r-1', 0));
    assert.deepEqual([roundMs, connectMs, controlP50Ms, controlP99Ms], [null, null, null, null]);
  });
});

/** Runs that end as told, without processes: what the comparison makes of them is what is tested. */
function comparisonOf(
  transports: readonly Protocol[],
  ending: (settings: DemoSettings, comparison: () => Comparison) => 'completed' | 'stalled' | RoundscopeError,
  networks: readonly NetworkPreset[] = ['none'],
): { readonly done: Promise<ComparisonView>; readonly told: ComparisonView[] } {
  const told: ComparisonView[] = [];
  const comparison = new Comparison(
    { settings: demoDefaults, transports: [...transports], networks: [...networks] },
    {
      start: async (settings, onHost): Promise<RunningFederation> => {
        const status = ending(settings, () => comparison);
        if (status instanceof RoundscopeError) throw status;
        const host = new RunHost({
          run: asRunId(`r-${settings.transport}`),
          opening: demoOpening,
          clock: systemClock,
          recording: null,
          onInternalError: (error) => assert.fail(String(error)),
        });
        onHost(host);
        const ended = host.finish().then(() => ({ type: 'ended' as const, status, reason: `it ${status}` }));
        return { host, invitation: '', ended };
      },
      stop: () => Promise.resolve(),
      changed: (view) => told.push(view),
    },
  );
  return { done: comparison.run(), told };
}

describe('a comparison', () => {
  test('runs one transport after the other; one that cannot start or stalls is a row that says why', async () => {
    const { done, told } = comparisonOf(['quic', 'amqp', 'mqtt'], ({ transport }) => {
      if (transport === 'amqp')
        return new RoundscopeError('transport_unavailable', { layer: 'transport', message: 'no broker' });
      return transport === 'mqtt' ? 'stalled' : 'completed';
    });
    const view = await done;
    assert.equal(view.state, 'done');
    assert.deepEqual(
      view.rows.map(({ transport, state, note, run }) => [transport, state, note, run]),
      [
        ['quic', 'completed', '', 'r-quic'],
        ['amqp', 'failed', 'no broker', ''],
        ['mqtt', 'stalled', 'it stalled', 'r-mqtt'],
      ],
    );
    assert.ok(told.every(({ rows }) => rows.filter(({ state }) => state === 'running').length <= 1));
    assert.deepEqual(told.at(-1), view);
  });

  test('every transport on every network, which the run is told', async () => {
    const asked: unknown[] = [];
    const { done } = comparisonOf(
      ['quic', 'mqtt'],
      ({ transport, network }) => {
        asked.push([transport, network[0]?.preset]);
        return 'completed';
      },
      ['none', 'poor'],
    );
    const { rows } = await done;
    const expected = [
      ['quic', 'none'],
      ['mqtt', 'none'],
      ['quic', 'poor'],
      ['mqtt', 'poor'],
    ];
    assert.deepEqual(asked, expected);
    assert.deepEqual(
      rows.map(({ transport, network }) => [transport, network]),
      expected,
    );
  });

  test('stopped, it leaves what was not begun', async () => {
    const { done } = comparisonOf(['quic', 'mqtt'], (_settings, comparison) => {
      void comparison().stop('enough');
      return 'completed';
    });
    const view = await done;
    assert.equal(view.state, 'stopped');
    assert.deepEqual(
      view.rows.map(({ state }) => state),
      ['completed', 'waiting'],
    );
  });
});
