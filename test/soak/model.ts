import assert from 'node:assert/strict';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity, type Identity } from '#engine/identity/identity.ts';
import { signedPass } from '#engine/identity/pass.ts';
import { DialingLink } from '#engine/link/dial/dialing-link.ts';
import { LinkAcceptor } from '#engine/link/accept/link-acceptor.ts';
import type { Link } from '#engine/link/link.ts';
import { QuicTransport } from '#engine/transport/quic/quic-transport.ts';
import { seededRandom } from '#shared/base/random.ts';
import { asParticipantId, asRunId } from '#shared/contract/ids.ts';
import type { Message, Outgoing } from '#shared/contract/messages.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import { anyBulk, modelMessage } from '#test/support/kits/messages.ts';

const run = asRunId('r-soak');
const token = 'soak-token-0123456789abcdef';
const never = new AbortController().signal;
/** After the first passage the working set is there; what grows from then on is a leak. */
const passages = 4;
const growthMax = 1.5;

export interface ModelResult {
  readonly provider: string;
  readonly megabytesPerS: number;
  readonly residentMb: readonly number[];
}

/** A model of so many bytes down and up again over a link, several times, on each provider: every byte, one connection. */
export async function soakModel(bytes: number): Promise<readonly ModelResult[]> {
  const model = modelMessage(bytes);
  const results: ModelResult[] = [];
  for (const provider of ['quinn', 'webtransport'] as const) results.push(await soakOne(provider, model, bytes));
  return results;
}

async function soakOne(provider: 'quinn' | 'webtransport', model: Outgoing, bytes: number): Promise<ModelResult> {
  await using ends = await openLink(provider);
  const residentMb: number[] = [];
  const startedMs = performance.now();
  for (let passage = 0; passage < passages; passage++) {
    await Promise.all([
      pass(ends.coordinator, ends.participant, model),
      pass(ends.participant, ends.coordinator, model),
    ]);
    residentMb.push(Math.round(process.memoryUsage.rss() / 1e6));
  }
  const seconds = (performance.now() - startedMs) / 1000;
  assert.deepEqual([ends.participant.link.status.connections, ends.participant.link.status.reconnects], [1, 0]);
  const [first = 0, last = 0] = [residentMb[0], residentMb.at(-1)];
  assert.ok(last < first * growthMax, `memory grew: ${residentMb.join(', ')} MB`);
  return { provider, megabytesPerS: Math.round((2 * passages * bytes) / 1e6 / seconds), residentMb };
}

interface End {
  readonly link: Link;
  readonly messages: AsyncIterator<Message, undefined>;
}

async function pass(from: End, to: End, model: Outgoing): Promise<void> {
  const sent = await from.link.send(model, { signal: never });
  const next = await to.messages.next();
  assert.ok(next.done !== true, 'the link closed');
  // The link has verified the hash that the header names; here it is that of the model that was sent.
  assert.equal(next.value.header.payload?.hash, model.payload?.hash);
  assert.equal(next.value.payload?.byteLength, model.payload?.bytes.byteLength);
  await sent.acknowledged;
}

async function openLink(
  provider: 'quinn' | 'webtransport',
): Promise<
  AsyncDisposable & { readonly participant: End & { readonly link: DialingLink }; readonly coordinator: End }
> {
  const transport = (own: Identity): QuicTransport =>
    new QuicTransport({ clock: systemClock, identity: own, providers: [provider] });
  const accepted = Promise.withResolvers<Link>();
  const [coordinatorIdentity, identity] = [createIdentity(), createIdentity()];
  const parts = { clock: systemClock, entropy: systemEntropy, reporter: silent };
  const acceptor = new LinkAcceptor({
    ...parts,
    run,
    token,
    identity: coordinatorIdentity,
    onLink: (link) => {
      link.expect(anyBulk);
      accepted.resolve(link);
    },
  });
  const listener = await transport(coordinatorIdentity).listen({
    signal: never,
    run,
    token,
    host: '127.0.0.1',
    port: 0,
    onSession: (session) => acceptor.accept(session),
    onRefused: ({ reason }) => accepted.reject(new Error(reason)),
  });
  const participant = await DialingLink.open({
    ...parts,
    invitation: {
      run,
      token,
      identity: coordinatorIdentity.peerId,
      endpoints: [...listener.endpoints],
      pass: signedPass(coordinatorIdentity, run, { generation: 0 }),
    },
    participant: asParticipantId('soak'),
    transport: transport(identity),
    identity,
    random: seededRandom(1),
    signal: never,
  });
  participant.expect(anyBulk);
  const coordinator = await accepted.promise;
  return {
    participant: { link: participant, messages: participant.messages()[Symbol.asyncIterator]() },
    coordinator: { link: coordinator, messages: coordinator.messages()[Symbol.asyncIterator]() },
    async [Symbol.asyncDispose]() {
      await participant.close('clean', 'soaked');
      await acceptor.close('clean', 'soaked');
      await listener[Symbol.asyncDispose]();
    },
  };
}

/** Counting packets is not what is soaked here. */
const silent: Reporter = { event: () => undefined, packet: () => undefined };
