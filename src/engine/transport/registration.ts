import type { Clock } from '#shared/base/time/clock.ts';
import type { Entropy } from '#shared/base/entropy.ts';
import { brokerAt } from '#shared/contract/brokers.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import type { Identity } from '#engine/identity/identity.ts';
import type { Transport } from './transport.ts';

/** What the engine knows of a transport, beside its descriptor: `registration.ts` in its folder. Decision 0119. */
export interface TransportRegistration {
  readonly make: (parts: TransportParts) => Transport;
  /** Without this the protocol cannot be had here. */
  readonly check: MachineCheck;
  /** What else is told of it in the check of the machine. */
  readonly furtherChecks: readonly MachineCheck[];
}

/** What transports are built from; each takes what it needs. */
export interface TransportParts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Who this process is, for transports that prove it. */
  readonly identity: Identity;
  /** Path of the entry of a protocol's own thread, `workerPath`. */
  readonly workerOf: (protocol: Protocol) => string;
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

/** Whether something works on this machine, found by doing it. Nothing is installed or changed. */
export interface MachineCheck {
  /** As people call it. */
  readonly what: string;
  /** Whether this program is broken without it. */
  readonly required: boolean;
  /** How to come by it. */
  readonly fix: string;
  /** Resolves with what was found; rejects with what is wrong. */
  readonly find: (machine: Machine) => Promise<string>;
}

/** What checks look into. */
export interface Machine {
  readonly env: NodeJS.ProcessEnv;
  isInstalled(packageName: string): boolean;
  versionOf(packageName: string): string;
}

/** Where a package is missing that comes with this program. */
export const reinstall = 'Remove node_modules and run npm start again: it installs what is missing.';

/** An outside broker is one protocol's; the others bring their own as ever. */
export function brokerFor(protocol: Protocol, url: string | undefined): { readonly brokerUrl?: string } {
  const address = url === undefined ? null : URL.parse(url);
  return url !== undefined && address !== null && brokerAt(address)?.protocol === protocol ? { brokerUrl: url } : {};
}
