import { entryPath } from '#engine/host/entries.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity, type Identity } from '#engine/identity/identity.ts';
import { sayHello } from '#engine/link/dialer-hello.ts';
import { PacketLog } from '#engine/link/packet-log.ts';
import { Wire } from '#engine/link/wire.ts';
import { createTransport } from '#engine/transport/registry.ts';
import type { Session } from '#engine/transport/transport.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import type { Invitation } from '#shared/contract/invitation.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import { RecordingReporter } from '#test/support/recording-reporter.ts';
import { frame, hostileBytes } from './hostile-bytes.ts';
import { whateverHappens, type Ledger } from './ledger.ts';

/** A session with everything that the invitation opens, in the hands of somebody who does not play by the rules. */
async function insider(
  invitation: Invitation,
  protocol: Protocol,
  { participant, identity }: { readonly participant: string; readonly identity: Identity },
): Promise<Session> {
  const transport = createTransport(protocol, invitation.control, {
    clock: systemClock,
    entropy: systemEntropy,
    identity,
    ddsWorker: entryPath('dds-worker'),
  });
  const { run, token } = invitation;
  const endpoints = invitation.endpoints.filter((endpoint) => endpoint.protocol === protocol);
  return await transport.dial(endpoints, { signal: AbortSignal.timeout(15_000), participant, run, token });
}

function send(session: Session, bytes: Uint8Array): Promise<unknown> {
  return session.send({ lane: 'control', parts: [bytes] }, { signal: AbortSignal.timeout(5000) });
}

/** Somebody with the invitation who says nonsense instead of a hello. Reached: the coordinator closed the session. */
export async function nonsenseFromWithin(
  invitation: Invitation,
  protocol: Protocol,
  ledger: Ledger,
  signal?: AbortSignal,
): Promise<void> {
  for (const [index, [name, bytes]] of Object.entries(hostileBytes).entries()) {
    if (signal?.aborted === true) return;
    const kind = `${protocol} from within: ${name}`;
    ledger.made(kind);
    const session = await whateverHappens(
      insider(invitation, protocol, { participant: `mallory-${index}`, identity: createIdentity() }),
      20_000,
    );
    if (session === undefined) continue;
    await whateverHappens(send(session, bytes), 5000);
    const end = await whateverHappens(session.closed, 2000);
    // What looks like the beginning of a long frame is waited for until the hello's time is over.
    if (end !== undefined || name.includes('length') || name.includes('MQTT')) ledger.reached(kind);
    session.abort?.();
  }
}

/** Somebody who says hello as it should be, and floods then. Thrown out for its rate, or held back by flow control. */
export async function floodFromWithin(
  invitation: Invitation,
  protocol: Protocol,
  ledger: Ledger,
  frames = 100_000,
): Promise<void> {
  const kind = `${protocol} from within: a flood of frames`;
  // Of its own: a name that somebody has over another transport is refused.
  const name = `mallory-${protocol}`;
  ledger.made(kind);
  const identity = createIdentity();
  const session = await whateverHappens(insider(invitation, protocol, { participant: name, identity }), 20_000);
  if (session === undefined) return;
  const context = { participant: name, protocol: session.protocol, stack: session.stack, connection: 1 };
  const log = new PacketLog(new RecordingReporter(), 'participant');
  const wire = new Wire(session, { clock: systemClock, log, context });
  const participant = asParticipantId(name);
  const facts = { participant, instance: 'ab'.repeat(16), nonce: 'cd'.repeat(16) };
  const state = { received: 0, transfers: [], done: [], failed: [] };
  const said = sayHello(wire, { invitation, identity, ...facts, resumes: false, state }).then(() => true);
  if ((await whateverHappens(said, 10_000)) === true) {
    // Let in: from here on the others must not feel it.
    ledger.reached(kind);
    const tiny = frame({ t: 'x' });
    await whateverHappens(
      (async () => {
        for (let i = 0; i < frames; i += 500) await Promise.all(Array.from({ length: 500 }, () => send(session, tiny)));
      })(),
      15_000,
    );
  }
  session.abort?.();
}
