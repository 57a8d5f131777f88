import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ChildProcess, Launcher, ToChild } from '#shared/contract/child-messages.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';
import { SupervisedChild, type SupervisorSink } from './supervised-child.ts';

type Exit = Parameters<Parameters<ChildProcess['onExit']>[0]>[0];

const sink: SupervisorSink = { batch: () => undefined, exited: () => undefined, malformed: () => undefined };

/** A process that ends when it is killed, and by a friendly word only if it heeds one. */
async function launch(heeds: boolean): Promise<{ readonly child: SupervisedChild; readonly heard: string[] }> {
  const heard: string[] = [];
  let exit: ((how: Exit) => void) | undefined;
  const launcher: Launcher = {
    launch: () =>
      Promise.resolve({
        pid: 1,
        post: () => undefined,
        onMessage: () => undefined,
        onExit: (listener) => void (exit = listener),
        end: (how) => {
          heard.push(how);
          if (how === 'kill' || heeds) exit?.({ code: null, signal: 'SIGTERM', stderr: '' });
        },
      }),
  };
  return { child: await SupervisedChild.launch(launcher, 'relay', 'relay', sink), heard };
}

describe('SupervisedChild', () => {
  test('is seen off by a word', async () => {
    const clock = new VirtualClock();
    const { child, heard } = await launch(true);
    await child.terminate(clock, 1000);
    assert.deepEqual(heard, ['terminate']);
    assert.equal(clock.pendingTimers, 0);
  });

  test('is killed when it does not go', async () => {
    const clock = new VirtualClock();
    const { child, heard } = await launch(false);
    const gone = child.terminate(clock, 1000);
    await clock.advance(999);
    assert.deepEqual(heard, ['terminate']);
    await clock.advance(1);
    await gone;
    assert.deepEqual(heard, ['terminate', 'kill']);
    assert.equal(child.gone, true);
  });

  test('says of each batch that it was taken, and of one that cannot be read as well', async () => {
    const posted: ToChild[] = [];
    const order: string[] = [];
    let tell: (message: unknown) => void = () => undefined;
    const launcher: Launcher = {
      launch: () =>
        Promise.resolve({
          pid: 1,
          post: (message) => {
            posted.push(message);
            order.push('told');
          },
          onMessage: (listener) => void (tell = listener),
          onExit: () => undefined,
          end: () => undefined,
        }),
    };
    const taking: SupervisorSink = {
      ...sink,
      batch: () => order.push('taken'),
      malformed: () => order.push('refused'),
    };
    await SupervisedChild.launch(launcher, 'relay', 'relay', taking);
    tell({ type: 'batch', batch: 1, events: [], packets: [], lostEvents: null, lostPackets: null });
    tell({ type: 'batch', batch: 2, events: 'nonsense' });
    tell({ type: 'nonsense', batch: 3 });
    assert.deepEqual(posted, [
      { type: 'ack', batch: 1 },
      { type: 'ack', batch: 2 },
    ]);
    assert.deepEqual(order, ['taken', 'told', 'refused', 'told', 'refused']);
  });
});
