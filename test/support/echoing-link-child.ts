import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import type { InvitedTo } from '#engine/link/dial/dialer-hello.ts';
import { DialingLink } from '#engine/link/dial/dialing-link.ts';
import { QuicTransport } from '#engine/transport/quic/quic-transport.ts';
import { seededRandom } from '#shared/base/random.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import { batchOf, progressMessage } from './kits/messages.ts';

/** A participant's process that sends back what it gets, for tests that freeze it. Ends with its stdin. */
const invitation = JSON.parse(process.argv[2] ?? '') as InvitedTo;
const identity = createIdentity();
const signal = new AbortController().signal;
const link = await DialingLink.open({
  invitation,
  participant: asParticipantId('frozen'),
  transport: new QuicTransport({ clock: systemClock, identity }),
  identity,
  clock: systemClock,
  random: seededRandom('frozen'),
  entropy: systemEntropy,
  reporter: { event: () => undefined, packet: () => undefined },
  signal,
});
process.stdin.resume().once('end', () => void link.close('clean', 'the test is over'));
for await (const message of link.messages()) await link.send(progressMessage(batchOf(message)), { signal });
