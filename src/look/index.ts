import { toErrorReport } from '#shared/base/errors.ts';
import type { Endpoint, Invitation } from '#shared/contract/app/invitation.ts';
import type { LookStart, Tried } from '#shared/contract/app/look.ts';
import { carrierOfProvider, type Protocol } from '#shared/contract/protocols.ts';
import { serveParent, type Ended } from '#engine/host/process/child-process.ts';
import { workerPath } from '#engine/host/entries.ts';
import type { ParentChannel } from '#engine/host/process/parent-channel.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { decodeInvitation } from '#engine/identity/invitation.ts';
import { lookAt } from '#engine/link/dial/look.ts';
import { formatAddress } from '#engine/transport/addresses.ts';
import { createTransport } from '#engine/transport/registry.ts';

/** Longest that one protocol is tried: a form waits for it. QUIC needs 2.5 s before it turns to TCP. */
const patienceMs = 6_000;

serveParent({ startType: 'start_look', run, onFault: () => undefined });

/** Looks at a run over every protocol that is offered and spoken here, and tells what it saw; takes no part. */
async function run(start: LookStart, channel: ParentChannel, signal: AbortSignal): Promise<Ended> {
  const decoded = decodeInvitation(start.invitation);
  if (!decoded.ok) throw decoded.error;
  const invitation = decoded.value;
  const offered = [...new Set(invitation.endpoints.map(({ protocol }) => protocol))];
  const carriers = offered.filter((protocol) => invitation.control === 'same' || protocol !== 'mqtt');
  const tried = await Promise.all(carriers.map((protocol) => attempt(protocol, { start, invitation, signal })));
  channel.post({ type: 'looked', tried });
  return { status: 'completed', reason: 'looked' };
}

async function attempt(
  protocol: Protocol,
  {
    start,
    invitation,
    signal,
  }: { readonly start: LookStart; readonly invitation: Invitation; readonly signal: AbortSignal },
): Promise<Tried> {
  // Control over MQTT goes beside the transport, to the broker among the same endpoints.
  const endpoints = invitation.endpoints.filter(
    (endpoint) => endpoint.protocol === protocol || invitation.control === 'mqtt',
  );
  const addresses = endpoints.map(addressOf);
  const startedMs = systemClock.monotonicMs();
  using deadline = systemClock.deadline(patienceMs, signal);
  try {
    const identity = createIdentity();
    const transport = createTransport(protocol, invitation.control, {
      clock: systemClock,
      entropy: systemEntropy,
      identity,
      workerOf: workerPath,
    });
    const seen = await lookAt({
      invitation: { ...invitation, endpoints },
      identity,
      name: start.name,
      transport,
      clock: systemClock,
      entropy: systemEntropy,
      signal: deadline,
    });
    return { protocol, addresses, tookMs: systemClock.monotonicMs() - startedMs, seen, error: null };
  } catch (error) {
    return {
      protocol,
      addresses,
      tookMs: systemClock.monotonicMs() - startedMs,
      seen: null,
      error: toErrorReport(error),
    };
  }
}

/** Where it was looked, without the user and password that a broker's address may hold. */
function addressOf({ host, port, url, provider }: Endpoint): string {
  const broker = url === undefined ? null : URL.parse(url);
  if (broker !== null) return `${broker.protocol}//${broker.host}`;
  return `${formatAddress(host, port)} (${carrierOfProvider(provider)})`;
}
