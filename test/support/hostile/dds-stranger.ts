import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { workerPath } from '#engine/host/entries.ts';
import { domainConfig } from '#engine/transport/dds/domain-config.ts';
import { requestProof, sealedVersion, sessionKeys } from '#engine/transport/sealed/handshake.ts';
import { freshKeyShare } from '#engine/transport/sealed/key-share.ts';
import { libraryVariable } from '#engine/transport/dds/library.ts';
import { DdsRuntime } from '#engine/transport/dds/runtime.ts';
import type { Announcement } from '#engine/transport/dds/worker/worker-protocol.ts';
import type { Endpoint, Invitation } from '#shared/contract/app/invitation.ts';
import type { Ledger } from './ledger.ts';

const asks = 30;
const forgeries = 200;

/**
 * Another member of the domain, without the invitation's token: it asks for sessions with proofs that are none, which the
 * coordinator answers, and writes into the topics of a session of the victim's that it has heard of.
 */
export async function attackDomain(
  { run, token }: Pick<Invitation, 'run' | 'token'>,
  endpoint: Endpoint,
  victim: string,
  ledger: Ledger,
): Promise<void> {
  const runtime = await DdsRuntime.acquire({ worker: workerPath('dds'), library: process.env[libraryVariable] });
  await using owned = new AsyncDisposableStack();
  owned.defer(() => runtime.release());
  const peers = [{ host: endpoint.host, port: endpoint.port }];
  const config = domainConfig({ domain: 0, address: '127.0.0.1', port: null, peers });
  const refused = new Set<string>();
  let accepted: Announcement | null = null;
  const onAnnounced = (said: Announcement): void => {
    if (said.kind === 'refuse') refused.add(said.session);
    if (said.kind === 'accept' && said.participant === victim) accepted = said;
  };
  const handlers = { onAnnounced, onIncompatible: () => undefined, onFailed: () => undefined };
  const { node } = await runtime.openNode({ config, side: 'up', run }, handlers);
  owned.defer(() => runtime.closeNode(node, 'clean'));

  const { identity: coordinator = '' } = endpoint;
  const kind = 'DDS: requests without proof';
  for (let i = 0; i < asks; i++) {
    ledger.made(kind);
    const who = { run, participant: `mallory-${i}`, session: randomBytes(16).toString('hex') };
    const agreement = freshKeyShare().offered;
    const version = i % 3 === 0 ? 99 : sealedVersion;
    const asked = { version, key: agreement, coordinator };
    const proof = i % 2 === 0 ? 'x'.repeat(200) : requestProof('another token', { protocol: 'dds', ...who }, asked);
    const reason = i % 5 === 0 ? 'y'.repeat(5000) : coordinator;
    runtime.announce(node, { ...who, kind: 'open', version, agreement, proof, reason });
  }
  await until(() => refused.size >= asks * 0.8, 5000);
  ledger.reached(kind, Math.min(asks, refused.size));

  const forged = 'DDS: samples in the name of another';
  ledger.made(forged, forgeries);
  await until(() => accepted !== null, 3000);
  const said = accepted as Announcement | null;
  if (said === null) return;
  const claim = { protocol: 'dds', run, participant: victim, session: said.session } as const;
  const keys = sessionKeys('up', { own: freshKeyShare(), offered: said.agreement, token, claim, coordinator });
  if (keys === null) return;
  const matched = Promise.withResolvers<void>();
  const session = { node, participant: victim, id: said.session, keys };
  const number = runtime.openSession(session, {
    onMatched: () => matched.resolve(),
    onSamples: () => undefined,
    onFailed: () => undefined,
  });
  owned.defer(() => runtime.closeSession(number, 100));
  await matched.promise;
  for (let next = 0; next < forgeries; next++) {
    const bytes = Uint8Array.of(6, 6, 6);
    runtime.send(number, next % 2 === 0 ? 'control' : 'bulk', {
      lane: 'control',
      laneNumber: 0,
      number: next,
      flags: 3,
      frameBytes: 3,
      bytes,
    });
    ledger.reached(forged);
    if (next % 20 === 0) await delay(20);
  }
}

async function until(condition: () => boolean, limitMs: number): Promise<void> {
  for (const endMs = performance.now() + limitMs; !condition() && performance.now() < endMs;) await delay(20);
}
