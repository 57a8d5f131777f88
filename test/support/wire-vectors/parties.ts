import { createHash } from 'node:crypto';
import { signedPass } from '#engine/identity/pass.ts';
import type { Identity } from '#engine/identity/identity.ts';
import { asParticipantId, asRunId } from '#shared/contract/ids.ts';
import type { Invitation } from '#shared/contract/app/invitation.ts';
import { contractVersion } from '#shared/contract/messages.ts';
import { seededIdentity } from '../seeded-identity.ts';

/** Who takes part in the recorded exchange, always the same. Keys that stand in a file that everybody reads protect nothing. */
export const run = asRunId('r-vectors');
export const participant = asParticipantId('anna');
export const token = 'a-token-for-test-vectors';
export const coordinator = seededIdentity('coordinator of the wire vectors');
export const anna = seededIdentity('participant of the wire vectors');
/** 2027-01-15 08:00 UTC. */
export const sentAt = 1_800_000_000_000;

export const invitation: Invitation = {
  version: contractVersion,
  run,
  name: 'Wire vectors',
  control: 'same',
  transport: 'quic,mqtt',
  token,
  identity: coordinator.peerId,
  endpoints: [
    { protocol: 'quic', provider: 'quinn', host: '192.0.2.10', port: 7843, identity: coordinator.peerId },
    { protocol: 'quic', provider: 'webtransport', host: '192.0.2.10', port: 7844, identity: coordinator.peerId },
    {
      protocol: 'mqtt',
      provider: 'mqtt',
      host: 'broker.example.org',
      port: 8883,
      identity: coordinator.peerId,
      url: 'mqtts://anna:secret@broker.example.org',
    },
  ],
  pass: signedPass(coordinator, run, { generation: 0, name: participant, until: sentAt }),
};

/** `count` bytes that look random and are not. */
export function drawn(purpose: string, count: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(count / 32) }, (_, k) =>
    createHash('sha256').update(`${purpose} ${k}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, count);
}

export function hex(...parts: readonly Uint8Array[]): string {
  return Buffer.concat(parts).toString('hex');
}

/** The Ed25519 seed and what is made of it. */
export function keysOf({ peerId, fingerprint, privateKeyProtobuf }: Identity): object {
  const seedAt = 4;
  return { seed: hex(privateKeyProtobuf.subarray(seedAt, seedAt + 32)), peerId, fingerprint };
}
