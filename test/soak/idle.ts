import { systemClock } from '#engine/host/system-clock.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { encodeFrame } from '#engine/framing/frame.ts';
import { QuicTransport } from '#engine/transport/quic/quic-transport.ts';
import type { Session } from '#engine/transport/transport.ts';

export interface IdleResult {
  readonly provider: string;
  readonly minutes: number;
  /** Round trip of the first frame after the silence. */
  readonly roundTripMs: number;
}

/**
 * A session of each provider on which nobody says a word for so long, at the product's own keep-alive and idle limit:
 * it must still carry a frame each way afterwards.
 * @throws Error when a session ended meanwhile
 */
export async function soakIdle(minutes = 10): Promise<readonly IdleResult[]> {
  return Promise.all((['quinn', 'webtransport'] as const).map((provider) => soakOne(provider, minutes)));
}

async function soakOne(provider: 'quinn' | 'webtransport', minutes: number): Promise<IdleResult> {
  const signal = new AbortController().signal;
  const make = (): QuicTransport =>
    new QuicTransport({ clock: systemClock, identity: createIdentity(), providers: [provider] });
  const { promise, resolve } = Promise.withResolvers<Session>();
  await using listener = await make().listen({
    signal,
    run: 'soak',
    host: '127.0.0.1',
    port: 0,
    onSession: resolve,
    onRefused: () => undefined,
  });
  await using near = await make().dial(listener.endpoints, { signal, participant: 'idle', run: 'soak' });
  const far = await promise;
  const ended = near.closed.then((end) => {
    throw new Error(`${provider}: the idle session ended: ${end.code}, ${end.reason}`);
  });
  ended.catch(() => undefined);
  await Promise.race([systemClock.sleep(minutes * 60_000, { signal }), ended]);
  const startedMs = systemClock.monotonicMs();
  await Promise.race([exchange(near, far, signal), ended]);
  return { provider, minutes, roundTripMs: systemClock.monotonicMs() - startedMs };
}

async function exchange(near: Session, far: Session, signal: AbortSignal): Promise<void> {
  const frame = encodeFrame({ after: 'silence' });
  await near.send({ lane: 'control', parts: frame }, { signal });
  await far.frames()[Symbol.asyncIterator]().next();
  await far.send({ lane: 'control', parts: frame }, { signal });
  await near.frames()[Symbol.asyncIterator]().next();
}

/** `npm run soak` calls `soakIdle`; by itself: `node test/soak/idle.ts [MINUTES]`. */
if (import.meta.main) {
  for (const result of await soakIdle(Number(process.argv[2] ?? 10))) console.log(JSON.stringify(result));
}
