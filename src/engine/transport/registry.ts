import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Random } from '#shared/base/random.ts';
import { namedProtocols, type ControlMode, type NamedProtocol, type Protocol } from '#shared/contract/protocols.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { plannedProtocols, type TransportPlan } from '#shared/contract/run/transport-plan.ts';
import { amqp } from './amqp/registration.ts';
import { dds } from './dds/registration.ts';
import { FaultyTransport } from './faulty/faulty-transport.ts';
import { grpc } from './grpc/registration.ts';
import { mqtt } from './mqtt/registration.ts';
import { quic } from './quic/registration.ts';
import type { TransportParts, TransportRegistration } from './registration.ts';
import { ChosenRoute, type ChooseProtocol, type Route } from './several/route.ts';
import { offeredProtocols, SeveralTransports } from './several/several-transport.ts';
import { SplitTransport } from './split/split-transport.ts';
import type { Transport, TransportFaults } from './transport.ts';

export { reinstall, type Machine, type MachineCheck, type TransportParts } from './registration.ts';

/** One line for each transport between processes. Decision 0119. */
export const registrations: Readonly<Record<NamedProtocol, TransportRegistration>> = { quic, mqtt, amqp, grpc, dds };

/**
 * What a coordinator listens with: every transport of the plan. One that `auto` or `mixed` brought in and this machine
 * cannot offer is left out, after `onUnavailable`; one that was named is an error when it is missing.
 * @throws RoundscopeError `transport_unavailable` for a protocol that this build has not, `settings_invalid` for control
 * over MQTT beside several transports
 */
export function listeningTransport(
  plan: TransportPlan,
  control: ControlMode,
  parts: TransportParts & { readonly onUnavailable: (protocol: Protocol, error: RoundscopeError) => void },
): Transport {
  const planned = plannedProtocols(plan);
  const named = planned === 'all' ? namedProtocols : planned;
  const [only] = named;
  if (only !== undefined && named.length === 1) return createTransport(only, control, parts);
  if (control === 'mqtt') throw severalUnderControl(plan);
  return new SeveralTransports({
    transports: named.map((protocol) => make(protocol, parts)),
    clock: parts.clock,
    route: new ChosenRoute((offered) => offered[0] as Protocol),
    ...(planned === 'all' ? { onUnavailable: parts.onUnavailable } : {}),
  });
}

/**
 * What a participant dials with, of what the invitation's endpoints offer: one protocol and no other, or those that this
 * build speaks in the order of `choose`, asked before each session is opened, the others when that one fails.
 */
export function dialingTransport(
  take: Protocol | ChooseProtocol | Route,
  invitation: { readonly control: ControlMode; readonly endpoints: readonly Endpoint[] },
  parts: TransportParts,
): Transport {
  if (typeof take === 'string') return createTransport(take, invitation.control, parts);
  const offered = offeredProtocols(invitation.endpoints).filter((protocol) => isNamed(protocol));
  return new SeveralTransports({
    transports: offered.map((protocol) => make(protocol, parts)),
    clock: parts.clock,
    route: typeof take === 'function' ? new ChosenRoute(take) : take,
  });
}

/**
 * One transport: `protocol` for everything, or for the bulk lanes alone under `--control mqtt`.
 * @throws RoundscopeError `transport_unavailable` for a protocol that this build has not
 */
export function createTransport(protocol: Protocol, control: ControlMode, parts: TransportParts): Transport {
  const bulk = make(protocol, parts);
  if (control === 'same' || protocol === 'mqtt') return bulk;
  return new SplitTransport({
    control: make('mqtt', parts),
    bulk,
    clock: parts.clock,
    entropy: parts.entropy,
    ...(parts.controlPort === undefined ? {} : { controlPort: parts.controlPort }),
  });
}

export { ChosenRoute, type ChooseProtocol, type Route } from './several/route.ts';

/** The same transport with faults to switch on; without any it behaves as before. */
export function withFaults(
  transport: Transport,
  parts: { readonly clock: Clock; readonly random: Random },
): Transport & TransportFaults {
  return new FaultyTransport(transport, parts);
}

function make(protocol: Protocol, parts: TransportParts): Transport {
  if (isNamed(protocol)) return registrations[protocol].make(parts);
  throw new RoundscopeError('transport_unavailable', {
    layer: 'transport',
    message: `this version of Roundscope does not speak ${protocol} between processes; it speaks ${namedProtocols.join(', ')}`,
  });
}

function isNamed(protocol: Protocol): protocol is NamedProtocol {
  return protocol in registrations;
}

function severalUnderControl(plan: TransportPlan): RoundscopeError {
  return new RoundscopeError('settings_invalid', {
    layer: 'settings',
    message: `Control over MQTT goes with one transport for the models, not with ${plan}. Name one, or let each session carry its own control.`,
  });
}
