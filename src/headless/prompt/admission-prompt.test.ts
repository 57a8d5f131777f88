import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, test } from 'node:test';
import type { AppService } from '#service/app-service.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';
import { openAdmissionPrompt } from './admission-prompt.ts';

/** Orders that ask nothing of a run are enough to see whether they are read. */
const service = {} as AppService;

function desk({ asks = true, foreground = true }: { readonly asks?: boolean; readonly foreground?: boolean } = {}) {
  const clock = new VirtualClock();
  const stdin = new PassThrough();
  const said: string[] = [];
  const at = { foreground };
  const open = (): Disposable =>
    openAdmissionPrompt(
      { service, say: (text) => said.push(text), invited: () => undefined, asks },
      { stdin, clock, mayRead: () => at.foreground },
    );
  return { clock, stdin, said, at, open };
}

/** Until what was written has come through the stream. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 5; turns++) await turn();
}

describe('orders about who takes part, typed into a terminal', () => {
  test('wait while it is behind another program, and are taken when it is in front', async () => {
    const { clock, stdin, said, at, open } = desk({ foreground: false });
    using _desk = open();
    stdin.write('help\n');
    await settled();
    await clock.advance(10_000);
    assert.deepEqual(said, []);
    assert.equal(stdin.readableFlowing, null, 'who reads behind another program is stopped');
    at.foreground = true;
    await clock.advance(1000);
    await settled();
    assert.match(said.join(), /admit NAME/);
    at.foreground = false;
    await clock.advance(1000);
    stdin.write('help\n');
    await settled();
    assert.equal(said.length, 1);
    at.foreground = true;
    process.emit('SIGCONT', 'SIGCONT');
    await settled();
    assert.equal(said.length, 2, 'at once when it is told to go on');
  });

  test('that cannot come any more are said to, where somebody may wait for one', async () => {
    const { stdin, said, open } = desk();
    using _desk = open();
    stdin.end('nonsense\n');
    await once(stdin, 'close');
    await settled();
    assert.match(said[0] ?? '', /"nonsense" is nothing/);
    assert.match(said[1] ?? '', /nobody is let in from here: .*--admit ask,anna.*roundscope invite/);
    assert.equal(said.length, 2);
    const late = desk();
    late.stdin.destroy();
    using _late = late.open();
    assert.match(late.said.join(), /nobody is let in from here/);
    const open_ = desk({ asks: false });
    using _open = open_.open();
    open_.stdin.end();
    await settled();
    assert.deepEqual(open_.said, [], 'where anybody is let in nothing is missing');
  });

  test('are not missed at the end of the run', async () => {
    const { said, clock, open } = desk();
    open()[Symbol.dispose]();
    await settled();
    assert.deepEqual(said, []);
    assert.equal(clock.pendingTimers, 0);
  });
});
