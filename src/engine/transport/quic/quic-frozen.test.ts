import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { batchOf, progressMessage, take } from '#test/support/kits/messages.ts';
import { QuicFederation } from '#test/support/brokers/quic-federation.ts';
import type { Link } from '#engine/link/link.ts';
import type { Message } from '#shared/contract/messages.ts';

const never = new AbortController().signal;
const childPath = fileURLToPath(new URL('../../../../test/support/echoing-link-child.ts', import.meta.url));
const skip = process.platform === 'win32' ? 'Windows has no SIGSTOP' : false;

interface Frozen extends AsyncDisposable {
  readonly link: Link;
  readonly answers: AsyncIterator<Message, undefined>;
  readonly signal: (name: 'SIGSTOP' | 'SIGCONT') => void;
}

async function startChild(federation: QuicFederation): Promise<Frozen> {
  const invitation = federation.invitation(federation.endpoints());
  const child = spawn(process.execPath, [childPath, JSON.stringify(invitation)], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const exited = once(child, 'exit');
  await federation.reports.until((reports) => reports.ofType('link_state').some(({ state }) => state === 'ready'));
  const link = federation.links[0] as Link;
  return {
    link,
    answers: link.messages()[Symbol.asyncIterator](),
    signal: (name) => void child.kill(name),
    async [Symbol.asyncDispose]() {
      child.kill('SIGCONT');
      child.stdin.end();
      await exited;
    },
  };
}

describe('a participant that is frozen', { skip }, () => {
  test('for some seconds, shows as degraded, and goes on in the same session', async (t) => {
    await using federation = await QuicFederation.open();
    await using child = await startChild(federation);
    const { reports } = federation;
    const startedMs = performance.now();
    child.signal('SIGSTOP');
    await child.link.send(progressMessage(1), { signal: never });
    await reports.until(() => child.link.status.state === 'degraded');
    t.diagnostic(`${child.link.status.reason}, frozen for ${Math.round(performance.now() - startedMs)} ms`);
    child.signal('SIGCONT');
    const [answer] = await take(child.answers, 1);
    assert.equal(batchOf(answer as never), 1);
    await reports.until(() => child.link.status.state !== 'degraded');
    assert.deepEqual([child.link.status.state, child.link.status.connections], ['ready', 1]);
  });

  test('until it is taken for lost, comes back in another session, and nothing is lost or twice', async () => {
    await using federation = await QuicFederation.open();
    await using child = await startChild(federation);
    const { reports } = federation;
    child.signal('SIGSTOP');
    await child.link.send(progressMessage(1), { signal: never });
    await reports.until(() => child.link.status.state === 'lost');
    assert.match(child.link.status.reason, /nothing heard/);
    await child.link.send(progressMessage(2), { signal: never });
    child.signal('SIGCONT');
    assert.deepEqual((await take(child.answers, 2)).map(batchOf), [1, 2]);
    await child.link.send(progressMessage(3), { signal: never });
    assert.deepEqual((await take(child.answers, 1)).map(batchOf), [3]);
    assert.deepEqual([child.link.status.state, child.link.status.connections], ['ready', 2]);
  });
});
