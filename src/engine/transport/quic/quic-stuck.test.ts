import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { modelMessage, take } from '#test/support/kits/messages.ts';
import { TcpPath, UdpPath } from '#test/support/network-path.ts';
import { QuicFederation, type Dialed } from '#test/support/brokers/quic-federation.ts';
import type { WatchedReporter } from '#test/support/watched-reporter.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';

const never = new AbortController().signal;
const MB = 1_000_000;
const about = { timeout: 120_000 };
const stuck = /^degraded: heartbeats pass, but global_model is stuck at \d+\.\d of 32\.0 MB/;

function only(provider: Endpoint['provider'], endpoints: readonly Endpoint[]): readonly Endpoint[] {
  return endpoints.filter((endpoint) => endpoint.provider === provider);
}

/** A model goes up; it is in the middle of that when this resolves. */
async function sending({ near }: Dialed, passed: Promise<void>): Promise<void> {
  const { acknowledged } = await near.send(modelMessage(32 * MB), { signal: never });
  // Where the link ends before, it never is.
  acknowledged.catch(() => undefined);
  await passed;
}

/** Waits until an end says that of its link, and gives the whole of it. */
async function saying(reports: WatchedReporter, words: string): Promise<string> {
  const said = (): string | undefined =>
    reports
      .ofType('link_state')
      .map(({ state, reason }) => `${state}: ${reason}`)
      .find((text) => text.includes(words));
  await reports.until(() => said() !== undefined);
  return said() ?? '';
}

describe('a transfer that gets stuck while the other end is heard', { concurrency: 2 }, () => {
  // Small messages share full datagrams with a model that goes the same way, so the coordinator hears nothing at all.
  test('by a path that swallows large datagrams: each end says what it sees, and it goes on', about, async () => {
    await using federation = await QuicFederation.open();
    const [quinn] = only('quinn', federation.endpoints());
    await using path = await UdpPath.open(quinn?.port ?? 0);
    const dialed = await federation.dial(only('quinn', federation.endpoints({ udp: path.port })));
    const received = dialed.far.messages()[Symbol.asyncIterator]();
    await sending(dialed, path.meter.passed(8 * MB));
    path.largestBytes = 600;
    const [sender, receiver] = await Promise.all([
      saying(dialed.reports, 'stuck at'),
      saying(federation.reports, 'nothing heard'),
    ]);
    assert.match(sender, stuck);
    assert.match(receiver, /^degraded: nothing heard for \d+\.\d s/);
    path.largestBytes = Number.POSITIVE_INFINITY;
    const [message] = await take(received, 1);
    assert.equal(message?.payload?.byteLength, 32 * MB);
  });

  test('by a window of zero: its sender says so', about, async () => {
    await using federation = await QuicFederation.open();
    const [webtransport] = only('webtransport', federation.endpoints());
    await using path = await TcpPath.open(webtransport?.port ?? 0);
    const dialed = await federation.dial(only('webtransport', federation.endpoints({ tcp: path.port })));
    await sending(dialed, path.meter.passed(8 * MB));
    path.stall();
    assert.match(await saying(dialed.reports, 'stuck at'), stuck);
  });
});
