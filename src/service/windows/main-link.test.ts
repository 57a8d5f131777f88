import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, test } from 'node:test';
import { onTaskFailure, type TaskFailure } from '#shared/base/spawn.ts';
import { MainLink, type ElectronPort } from './main-link.ts';

/** Main's end of the pipe: what it was told, and what it says. */
class Main extends EventEmitter implements ElectronPort {
  readonly told: { readonly type: string; readonly id?: number }[] = [];

  postMessage(message: unknown): void {
    this.told.push(message as { readonly type: string });
  }
  start(): void {}
  close(): void {}
  say(data: unknown): void {
    this.emit('message', { data, ports: [] });
  }
}

const handlers = { onStart: () => undefined, onRenderer: () => undefined, onStop: () => undefined };

describe('the service’s link to main', () => {
  test('a process that ends before it stands fails its launch, with its last words', async () => {
    const main = new Main();
    const { launcher } = new MainLink(main, handlers);
    const launched = launcher.launch('participant', 'node-1');
    const id = main.told[0]?.id;
    const stderr = 'cannot open shared object\n    at somewhere\n';
    main.say({ type: 'exited', id, code: 127, signal: null, stderr });
    await assert.rejects(launched, (error: Error) => {
      assert.match(error.message, /The node-1 process could not be started: it ended at once \(exit status 127\)/);
      assert.equal((error.cause as Error).message, 'cannot open shared object');
      return true;
    });
  });

  test('what it does not know is told and dropped', () => {
    const main = new Main();
    const told: TaskFailure[] = [];
    using _listening = onTaskFailure((failure) => told.push(failure));
    const _link = new MainLink(main, handlers);
    for (const said of [null, 'launched', { type: 'launched' }, { type: 'exited', id: -1 }]) main.say(said);
    assert.equal(told[0]?.task, 'reading what the window’s process said');
    main.say({ type: 'exited', id: 7, code: 0, signal: null, stderr: '' });
  });
});
