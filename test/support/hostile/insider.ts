import { workerPath } from '#engine/host/entries.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity, type Identity } from '#engine/identity/identity.ts';
import { encodeMessageHeader } from '#engine/codec/message-codec.ts';
import { encodeFrame } from '#engine/framing/frame.ts';
import { sayHello } from '#engine/link/dial/dialer-hello.ts';
import { PacketLog } from '#engine/link/records/packet-log.ts';
import { Wire } from '#engine/link/wire.ts';
import { createTransport } from '#engine/transport/registry.ts';
import type { Session } from '#engine/transport/transport.ts';
import { asParticipantId, type Hash, type MessageId } from '#shared/contract/ids.ts';
import type { Invitation } from '#shared/contract/app/invitation.ts';
import { limits } from '#shared/contract/limits.ts';
import { contractVersion } from '#shared/contract/messages.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import { RecordingReporter } from '#test/support/recorded/recording-reporter.ts';
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
    workerOf: workerPath,
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

/** Says hello as it should be; null: was not let in. The session goes with the wire. */
export async function letIn(invitation: Invitation, protocol: Protocol, name: string): Promise<Wire | null> {
  const identity = createIdentity();
  const session = await whateverHappens(insider(invitation, protocol, { participant: name, identity }), 20_000);
  if (session === undefined) return null;
  const context = { participant: name, protocol: session.protocol, stack: session.stack, connection: 1 };
  const log = new PacketLog(new RecordingReporter(), 'participant');
  const wire = new Wire(session, { clock: systemClock, log, context });
  const participant = asParticipantId(name);
  const facts = { participant, instance: 'ab'.repeat(16), nonce: 'cd'.repeat(16) };
  const state = { received: 0, transfers: [], done: [], failed: [] };
  const said = sayHello(wire, { invitation, identity, ...facts, resumes: false, state }).then(() => true);
  if ((await whateverHappens(said, 20_000)) === true) return wire;
  session.abort?.();
  return null;
}

/** Somebody who says hello as it should be, and floods then. Thrown out for its rate, or held back by flow control. */
export async function floodFromWithin(
  invitation: Invitation,
  protocol: Protocol,
  ledger: Ledger,
  frames = 100_000,
): Promise<void> {
  const kind = `${protocol} from within: a flood of frames`;
  ledger.made(kind);
  // Of its own: a name that somebody has over another transport is refused.
  const wire = await letIn(invitation, protocol, `mallory-${protocol}`);
  if (wire === null) return;
  // Let in: from here on the others must not feel it.
  ledger.reached(kind);
  const tiny = frame({ t: 'x' });
  const many = (): Promise<unknown>[] => Array.from({ length: 500 }, () => send(wire.session, tiny));
  await whateverHappens(
    (async () => {
      for (let i = 0; i < frames; i += 500) await Promise.all(many());
    })(),
    15_000,
  );
  wire.session.abort?.();
}

/**
 * Somebody who is let in, never registers, and sends an update that was never asked for: as long as it likes, of which it
 * sends all but the end. Returns how many bytes went out before it was stopped.
 */
export async function bulkFromWithin(
  invitation: Invitation,
  protocol: Protocol,
  { name, bytes }: { readonly name: string; readonly bytes: number },
): Promise<{ readonly sent: number; readonly code: string; readonly reason: string }> {
  const wire = await letIn(invitation, protocol, name);
  if (wire === null) throw new Error(`${name} was not let in over ${protocol}`);
  const { session } = wire;
  const id = 'mallory.1' as MessageId;
  const hash = 'ab'.repeat(32) as Hash;
  const header = {
    version: contractVersion,
    run: invitation.run,
    sender: asParticipantId(name),
    kind: 'model_update',
    round: 1,
    id,
    sentAt: Date.now(),
    body: { examples: 1, base: hash, loss: 1, accuracy: 1, trainMs: 1, norm: 1 },
    payload: { hash, length: bytes + 1, encoding: 'safetensors' },
  } as const;
  const lane = `bulk:${id}` as const;
  const signal = AbortSignal.timeout(60_000);
  const body = new Uint8Array(limits.chunkBytes);
  const count = Math.ceil((bytes + 1) / body.byteLength);
  let sent = 0;
  const sending = (async () => {
    const announcement = { t: 'message', transfer: id, offset: 0, header: encodeMessageHeader(header), ack: 0 };
    await session.send({ lane, parts: encodeFrame(announcement) }, { signal });
    for (let index = 1; sent < bytes; index++) {
      const part = body.subarray(0, Math.min(body.byteLength, bytes - sent));
      const parts = encodeFrame({ t: 'chunk', transfer: id, offset: sent, index, count }, part);
      await session.send({ lane, parts }, { signal });
      sent += part.byteLength;
    }
  })();
  await whateverHappens(sending, 60_000);
  const end = await whateverHappens(session.closed, 5_000);
  session.abort?.();
  return { sent, code: end?.code ?? 'open', reason: end?.reason ?? '' };
}
