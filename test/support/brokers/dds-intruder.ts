import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { workerPath } from '#engine/host/entries.ts';
import { domainConfig } from '#engine/transport/dds/domain-config.ts';
import { sessionKeys } from '#engine/transport/sealed/handshake.ts';
import { freshKeyShare } from '#engine/transport/sealed/key-share.ts';
import { libraryVariable } from '#engine/transport/dds/library.ts';
import { DdsRuntime } from '#engine/transport/dds/runtime.ts';
import type { Announcement } from '#engine/transport/dds/worker/worker-protocol.ts';
import type { Session } from '#engine/transport/transport.ts';
import type { Foreign } from '#test/contract/security-claims.ts';

const triesMax = 500;

/**
 * Another participant of the run, which hears of the victim's session as any member of the domain does and writes into
 * its topics, sealed by the best key that it can make: of the run's token, the victim's names, the half that the
 * coordinator offered to the victim and a half of its own. Resolves when one such sample has been turned away.
 */
export async function writeAsAnother({ endpoints, participant, run, token, far }: Foreign): Promise<void> {
  const endpoint = endpoints[0];
  assert.ok(endpoint !== undefined);
  // The same one as the transport's: two threads on one library wake each other without end.
  const runtime = await DdsRuntime.acquire({ worker: workerPath('dds'), library: process.env[libraryVariable] });
  await using owned = new AsyncDisposableStack();
  owned.defer(() => runtime.release());
  const peers = [{ host: endpoint.host, port: endpoint.port }];
  const config = domainConfig({ domain: 0, address: '127.0.0.1', port: null, peers });
  const accepted = Promise.withResolvers<Announcement>();
  const onAnnounced = (said: Announcement): void => {
    if (said.kind === 'accept' && said.participant === participant) accepted.resolve(said);
  };
  const handlers = { onAnnounced, onIncompatible: () => undefined, onFailed: () => undefined };
  const { node } = await runtime.openNode({ config, side: 'up', run }, handlers);
  owned.defer(() => runtime.closeNode(node, 'clean'));
  const { session: id, agreement: offered } = await accepted.promise;
  const { identity: coordinator = '' } = endpoint;
  const claim = { protocol: 'dds', run, participant, session: id } as const;
  const keys = sessionKeys('up', { own: freshKeyShare(), offered, token, claim, coordinator });
  assert.ok(keys !== null);
  const matched = Promise.withResolvers<void>();
  const number = runtime.openSession(
    { node, participant, id, keys },
    { onMatched: () => matched.resolve(), onSamples: () => undefined, onFailed: () => undefined },
  );
  owned.defer(() => runtime.closeSession(number, 100));
  await matched.promise;
  // The writer may know the reader before the reader knows the writer, and what is written between is lost.
  for (let next = 0; forged(far) === 0 && next < triesMax; next++) {
    const bytes = Uint8Array.of(6, 6, 6);
    const piece = { lane: 'control', laneNumber: 0, number: next, flags: 3, frameBytes: 3, bytes };
    runtime.send(number, 'control', piece);
    await delay(20);
  }
  assert.ok(forged(far) > 0, 'nothing of what was written in its name was turned away');
}

function forged(session: Session): number {
  return session.stats().counters.find(({ name }) => name === 'samples_forged')?.value ?? 0;
}
