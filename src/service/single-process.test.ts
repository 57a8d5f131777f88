import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ChildProcess, CoordinatorStart, ToChild } from '#shared/contract/child-messages.ts';
import type { SupervisorSink } from '#demo/supervised-child.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';
import { SingleProcess } from './single-process.ts';

/** A coordinator that has not come to listen; it ends as one does that was stopped or killed. */
class Starting implements ChildProcess {
  readonly pid = 4711;
  readonly posted: ToChild[] = [];
  #tell: (message: unknown) => void = () => undefined;
  #exit: Parameters<ChildProcess['onExit']>[0] = () => undefined;

  post(message: ToChild): void {
    this.posted.push(message);
    if (message.type !== 'stop') return;
    const error = {
      code: 'internal',
      layer: 'application',
      message: message.reason,
      retryable: false,
      context: {},
      causes: [],
    };
    this.#tell({ type: 'ended', status: 'interrupted', reason: message.reason, error });
  }
  onMessage(listener: (message: unknown) => void): void {
    this.#tell = listener;
  }
  onExit(listener: Parameters<ChildProcess['onExit']>[0]): void {
    this.#exit = listener;
  }
  end(): void {
    this.#exit({ code: null, signal: 'SIGKILL', stderr: '' });
  }
}

const start = { type: 'start_coordinator' } as CoordinatorStart;
const sink: SupervisorSink = { batch: () => undefined, exited: () => undefined, malformed: () => undefined };

describe('a run of one process that is stopped while it starts', () => {
  test('before it listens: whoever waits for its end hears of it, and it was no failure', async () => {
    const child = new Starting();
    const single = new SingleProcess(start, {
      launcher: { launch: () => Promise.resolve(child) },
      clock: new VirtualClock(),
      sink,
    });
    const started = single.start();
    await Promise.resolve();
    const stopped = single.stop('stopped in the window');
    await assert.rejects(started, { code: 'aborted', message: 'stopped in the window' });
    await stopped;
    assert.equal((await single.ended).status, 'interrupted');
    await single[Symbol.asyncDispose]();
  });

  test('before it is launched', async () => {
    const child = new Starting();
    const launched = Promise.withResolvers<ChildProcess>();
    const single = new SingleProcess(start, {
      launcher: { launch: () => launched.promise },
      clock: new VirtualClock(),
      sink,
    });
    const started = single.start();
    const stopped = single.stop('stopped in the window');
    launched.resolve(child);
    await assert.rejects(started, { code: 'aborted' });
    await stopped;
    await single[Symbol.asyncDispose]();
  });
});
