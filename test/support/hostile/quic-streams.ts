import { systemClock } from '#engine/host/system-clock.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { quicDefaults } from '#engine/transport/quic/quic-options.ts';
import type { QuicSession } from '#engine/transport/quic/quic-session.ts';
import { QuinnProvider } from '#engine/transport/quic/quinn/quinn.ts';
import { WebTransportProvider } from '#engine/transport/quic/webtransport/webtransport.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { frame, hostileBytes } from './hostile-bytes.ts';
import { whateverHappens, type Ledger } from './ledger.ts';

/** Real handshakes, then nonsense on the streams. Reached: the other end closed the session, or took the bytes. */
export async function attackStreams(endpoint: Endpoint, ledger: Ledger, signal?: AbortSignal): Promise<void> {
  const parts = { clock: systemClock, identity: createIdentity(), quic: quicDefaults };
  const provider = endpoint.provider === 'quinn' ? new QuinnProvider(parts) : new WebTransportProvider(parts);
  const dial = (): Promise<QuicSession> => provider.dial(endpoint, { signal: AbortSignal.timeout(10_000) });
  for (const [name, bytes] of Object.entries(hostileBytes)) {
    if (signal?.aborted === true) return;
    const kind = `${endpoint.provider} streams: ${name}`;
    ledger.made(kind);
    const session = await whateverHappens(dial());
    if (session === undefined) continue;
    const stream = await whateverHappens(session.openStream(), 2000);
    if (stream !== undefined) {
      await whateverHappens(stream.write(bytes), 2000);
      await whateverHappens(stream.read(1000), 500);
      ledger.reached(kind);
    }
    session.abort('hostile', 'done');
  }
  const kind = `${endpoint.provider} streams: 2,000 tiny frames, 300 streams`;
  ledger.made(kind);
  const session = await whateverHappens(dial());
  if (session === undefined) return;
  const tiny = frame({ t: 'x' });
  await whateverHappens(
    (async () => {
      const stream = await session.openStream();
      ledger.reached(kind);
      for (let i = 0; i < 2000; i++) await stream.write(tiny);
      for (let i = 0; i < 300; i++) await (await session.openStream()).write(tiny);
    })(),
    5000,
  );
  session.abort('hostile', 'done');
}
