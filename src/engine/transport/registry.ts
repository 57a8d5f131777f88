import type { Clock } from '#shared/base/clock.ts';
import type { Entropy } from '#shared/base/entropy.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Random } from '#shared/base/random.ts';
import type { ControlMode, Protocol } from '#shared/contract/protocols.ts';
import type { Identity } from '#engine/identity/identity.ts';
import { DdsTransport } from './dds/dds-transport.ts';
import { FaultyTransport } from './faulty/faulty-transport.ts';
import { GrpcTransport } from './grpc/grpc-transport.ts';
import { MqttTransport } from './mqtt/mqtt-transport.ts';
import { QuicTransport } from './quic/quic-transport.ts';
import { SplitTransport } from './split/split-transport.ts';
import type { Transport, TransportFaults } from './transport.ts';

/** What transports are built from; each takes what it needs. */
export interface TransportParts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Who this process is, for transports that prove it. */
  readonly identity: Identity;
  /** DDS: its thread's entry, `entryPath('dds-worker')`. */
  readonly ddsWorker?: string;
  /** MQTT: a broker elsewhere, `mqtt://…` or `mqtts://…`; absent: the coordinator brings its own. */
  readonly brokerUrl?: string;
  /** MQTT: largest body of one publish, for brokers that limit packets. */
  readonly publishBytes?: number;
  /** Port of the control half under `--control mqtt`; default any free one. */
  readonly controlPort?: number;
}

/** Adding a transport is one folder and one line here. */
const makers: { readonly [P in Protocol]?: (parts: TransportParts) => Transport } = {
  quic: ({ clock, identity }) => new QuicTransport({ clock, identity }),
  mqtt: (parts) => new MqttTransport(parts),
  grpc: ({ clock, entropy, identity }) => new GrpcTransport({ clock, entropy, identity }),
  dds: ({ clock, entropy, ddsWorker = '' }) => new DdsTransport({ clock, entropy, worker: ddsWorker }),
};

/** The protocols that this build can speak between processes, in the order in which screens list them. */
export function transports(): readonly Protocol[] {
  return Object.keys(makers) as Protocol[];
}

/**
 * The transport for a run: `protocol` for everything, or for the bulk lanes alone under `--control mqtt`.
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
