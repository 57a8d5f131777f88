import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '#shared/base/random.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import { selectionSettingsSchema, type SelectionTable } from '#shared/contract/run/selection.ts';
import { LinkObserver } from '#engine/selection/link-observer.ts';
import { createSelector } from '#engine/selection/selector.ts';
import { RecordingReporter } from '#test/support/recorded/recording-reporter.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';
import { ProtocolChoice } from './protocol-choice.ts';

const offered: readonly Protocol[] = ['quic', 'mqtt', 'grpc'];
const update = { succeeded: true, seconds: 1, bytes: 1e6 };

function choosing(settings: object) {
  const clock = new VirtualClock();
  const reporter = new RecordingReporter();
  const kept: SelectionTable[] = [];
  const choice = new ProtocolChoice({
    participant: asParticipantId('node-1'),
    selector: createSelector(selectionSettingsSchema.parse(settings), { random: seededRandom(3), clock }),
    observer: new LinkObserver(clock),
    clock,
    reporter,
    keep: (table) => kept.push(table),
  });
  /** Updates over a protocol take this long; opens what is wanted instead, and returns what it was each time. */
  const play = async (protocol: Protocol, rounds: number, seconds: (protocol: Protocol) => number) => {
    const course: Protocol[] = [];
    let inUse = protocol;
    for (let round = 0; round < rounds; round++) {
      await clock.advance(20_000);
      const wanted = choice.sent(inUse, { ...update, seconds: seconds(inUse) })?.protocol;
      if (wanted !== undefined) {
        assert.equal(choice.order(offered)[0], wanted, 'what is wanted is what is dialed');
        choice.opened(wanted);
        inUse = wanted;
      }
      course.push(inUse);
    }
    return course;
  };
  return { choice, clock, reporter, kept, play };
}

describe('choice of protocol in a run', () => {
  test('the choice is dialed first and told with its reason; the others stand behind it', () => {
    const { choice, reporter } = choosing({ strategy: 'fixed', fixed: 'grpc' });
    assert.deepEqual(choice.order(offered), ['grpc', 'quic', 'mqtt']);
    const [told] = reporter.ofType('transport_chosen');
    assert.deepEqual([told?.participant, told?.protocol, told?.strategy], ['node-1', 'grpc', 'fixed']);
    assert.match(told?.reason ?? '', /^gRPC: fixed by the settings, expected/);
  });

  test('what could not be had is told, with what carries the link instead', () => {
    const { choice, reporter } = choosing({ strategy: 'fixed', fixed: 'quic' });
    choice.order(offered);
    choice.failed('quic', 'no answer in 3 s');
    choice.opened('mqtt');
    const told = reporter.ofType('transport_chosen').at(-1);
    assert.equal(told?.protocol, 'mqtt');
    assert.equal(told?.reason, 'MQTT: QUIC was chosen and could not be had (no answer in 3 s)');
    // The next session is dialed in another order: one dead way costs one attempt.
    assert.notEqual(choice.order(offered)[0], 'quic');
  });

  test('between rounds it goes over to what is faster, and stays there', async () => {
    const { choice, play, kept } = choosing({ strategy: 'bandit' });
    const [first] = choice.order(offered);
    choice.opened(first as Protocol);
    const course = await play(first as Protocol, 40, (protocol) => (protocol === 'mqtt' ? 0.5 : 8));
    const last = course.slice(-10);
    assert.ok(last.filter((protocol) => protocol === 'mqtt').length >= 9, course.join(' '));
    assert.equal(kept.length, 40, 'what was learned is kept after each update');
  });

  test('a choice stands for some seconds, whatever an update took', async () => {
    const { choice, clock } = choosing({ strategy: 'q-learning' });
    choice.order(offered);
    choice.opened('quic');
    for (let i = 0; i < 20; i++) assert.equal(choice.sent('quic', update), null);
    await clock.advance(7_000);
    const wanted = Array.from({ length: 20 }, () => choice.sent('quic', update));
    assert.ok(
      wanted.some((protocol) => protocol !== null),
      'with an epsilon of 1 it tries another at last',
    );
  });

  test('a run that offers one protocol is never asked to change', async () => {
    const { choice, clock } = choosing({ strategy: 'q-learning' });
    choice.order(['mqtt']);
    choice.opened('mqtt');
    await clock.advance(60_000);
    assert.equal(choice.sent('mqtt', update), null);
  });
});
