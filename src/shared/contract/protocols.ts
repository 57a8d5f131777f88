import { z } from 'zod';
import type { PacketCarrier, TransportDescriptor } from '../transports/descriptor.ts';
import { descriptors, spoken } from '../transports/registry.ts';

type Descriptors = typeof descriptors;

/** The protocols of the field; `memory` joins both ends in one process. */
export type Protocol = keyof Descriptors;
/** Those between processes, which may be named. */
export type NamedProtocol = keyof typeof spoken;

/** In the order in which screens list them. */
export const protocols = Object.keys(descriptors) as readonly Protocol[];
export const protocolSchema = z.enum(protocols);
export const namedProtocols = Object.keys(spoken) as readonly NamedProtocol[];
export const namedProtocolSchema = z.enum(namedProtocols);

export function describeProtocol(protocol: Protocol): TransportDescriptor {
  return descriptors[protocol];
}

/** Something of each protocol, by its descriptor. */
export function ofProtocols<T>(
  of: (descriptor: TransportDescriptor, protocol: Protocol) => T,
): Readonly<Record<Protocol, T>> {
  const entries = protocols.map((protocol) => [protocol, of(describeProtocol(protocol), protocol)] as const);
  return Object.fromEntries(entries) as Record<Protocol, T>;
}

/** As people write them. */
export const protocolNames = ofProtocols(({ name }) => name);

/** Which implementation carries a protocol; shown beside it. */
export type Stack = { [P in Protocol]: keyof Descriptors[P]['stacks'] }[Protocol];
export const stacks = protocols.flatMap((protocol) => stacksOf(protocol));
export const stackSchema = z.enum(stacks);

/** What a session of a protocol runs on, as far as that can be told before it exists. */
export const usualStack = ofProtocols((_, protocol) => stacksOf(protocol)[0] as Stack);

/** Which protocol a stack carries. */
export const protocolOf = Object.fromEntries(
  protocols.flatMap((protocol) => stacksOf(protocol).map((stack) => [stack, protocol])),
) as Readonly<Record<Stack, Protocol>>;

/** What a stack's packets travel in. */
export function carrierOf(stack: Stack): PacketCarrier {
  return describeProtocol(protocolOf[stack]).stacks[stack] as PacketCarrier;
}

/** Which implementation can dial an endpoint: QUIC has two, every other protocol one. */
export type Provider = { [P in Protocol]: keyof Descriptors[P]['providers'] }[Protocol];
const providerStacks = new Map<Provider, Stack>(
  protocols.flatMap((protocol) => Object.entries(describeProtocol(protocol).providers) as [Provider, Stack][]),
);
export const providerSchema = z.enum([...providerStacks.keys()]);

/** What an endpoint of this provider can always be reached by. */
export function carrierOfProvider(provider: Provider): PacketCarrier {
  return carrierOf(providerStacks.get(provider) as Stack);
}

function stacksOf(protocol: Protocol): readonly Stack[] {
  return Object.keys(describeProtocol(protocol).stacks) as Stack[];
}

/** What travels where: everything over the chosen transport, or control over MQTT as the reference framework does. */
export const controlModes = ['same', 'mqtt'] as const;
export const controlModeSchema = z.enum(controlModes);
export type ControlMode = z.infer<typeof controlModeSchema>;
