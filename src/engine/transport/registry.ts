import type { Clock } from '#shared/base/time/clock.ts';
import type { Entropy } from '#shared/base/entropy.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Random } from '#shared/base/random.ts';
import type { ControlMode, Protocol } from '#shared/contract/protocols.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { plannedProtocols, type TransportPlan } from '#shared/contract/run/transport-plan.ts';
import type { Identity } from '#engine/identity/identity.ts';
import { AmqpTransport } from './amqp/amqp-transport.ts';
import { amqpEnvironment, rabbitmqFix, tryRabbitmq } from './amqp/broker/environment.ts';
import { loadCyclone } from './dds/worker/cyclone.ts';
import { DdsTransport } from './dds/dds-transport.ts';
import { libraryFix, libraryVariable } from './dds/library.ts';
import { FaultyTransport } from './faulty/faulty-transport.ts';
import { GrpcTransport } from './grpc/grpc-transport.ts';
import { MqttTransport } from './mqtt/mqtt-transport.ts';
import { QuicTransport } from './quic/quic-transport.ts';
import { SplitTransport } from './split/split-transport.ts';
import { ChosenRoute, type ChooseProtocol, type Route } from './several/route.ts';
import { offeredProtocols, SeveralTransports } from './several/several-transport.ts';
import type { Transport, TransportFaults } from './transport.ts';

/** What transports are built from; each takes what it needs. */
export interface TransportParts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Who this process is, for transports that prove it. */
  readonly identity: Identity;
  /** DDS: its thread's entry, `entryPath('dds-worker')`. */
  readonly ddsWorker?: string;
  /** DDS: what lies between is worse than an address on this machine tells. */
  readonly impaired?: boolean;
  /** A broker elsewhere, `mqtt(s)://…` or `amqp(s)://…`, for that protocol; absent: the coordinator brings its own. */
  readonly brokerUrl?: string;
  /** MQTT and AMQP: file of the authority that vouches for that broker, where it is none that this machine knows. */
  readonly brokerCa?: string;
  /** MQTT: largest body of one publish, for brokers that limit packets. */
  readonly publishBytes?: number;
  /** Port of the control half under `--control mqtt`; default any free one. */
  readonly controlPort?: number;
}

/** One line per transport. The other places that a new one touches are listed in CONTRIBUTING.md. */
const makers: { readonly [P in Protocol]?: (parts: TransportParts) => Transport } = {
  quic: ({ clock, identity }) => new QuicTransport({ clock, identity }),
  mqtt: ({ brokerUrl, ...parts }) => new MqttTransport({ ...parts, ...brokerFor('mqtt', brokerUrl) }),
  amqp: ({ brokerUrl, brokerCa, ...parts }) =>
    new AmqpTransport({
      ...parts,
      ...brokerFor('amqp', brokerUrl),
      ...amqpEnvironment(process.env),
      ...(brokerCa === undefined ? {} : { caFile: brokerCa }),
    }),
  grpc: ({ clock, entropy, identity }) => new GrpcTransport({ clock, entropy, identity }),
  dds: ({ clock, entropy, identity, ddsWorker = '', impaired = false }) =>
    new DdsTransport({ clock, entropy, identity, worker: ddsWorker, impaired }),
};

/** The protocols that this build can speak between processes, in the order in which screens list them. */
export function transports(): readonly Protocol[] {
  return Object.keys(makers) as Protocol[];
}

/** What a protocol needs of the system beside this program, for those that need something. */
export interface SystemPart {
  readonly protocol: Protocol;
  /** How to come by it. */
  readonly fix: string;
  /** Resolves with where it is; rejects with what is wrong. */
  readonly find: () => Promise<string>;
}

export const systemParts: readonly SystemPart[] = [
  { protocol: 'amqp', fix: rabbitmqFix, find: () => tryRabbitmq(process.env) },
  { protocol: 'dds', fix: libraryFix, find: async () => (await loadCyclone(process.env[libraryVariable])).path },
];

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
  const named = planned === 'all' ? transports() : planned;
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
  const offered = offeredProtocols(invitation.endpoints).filter((protocol) => makers[protocol] !== undefined);
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
  const maker = makers[protocol];
  if (maker !== undefined) return maker(parts);
  throw new RoundscopeError('transport_unavailable', {
    layer: 'transport',
    message: `this version of Roundscope does not speak ${protocol}; it speaks ${transports().join(' and ')}`,
  });
}

/** An outside broker is one protocol's; the others bring their own as ever. */
function brokerFor(protocol: Protocol, url: string | undefined): { readonly brokerUrl?: string } {
  return url !== undefined && new RegExp(`^${protocol}s?://`).test(url) ? { brokerUrl: url } : {};
}

function severalUnderControl(plan: TransportPlan): RoundscopeError {
  return new RoundscopeError('settings_invalid', {
    layer: 'settings',
    message: `Control over MQTT goes with one transport for the models, not with ${plan}. Name one, or let each session carry its own control.`,
  });
}
