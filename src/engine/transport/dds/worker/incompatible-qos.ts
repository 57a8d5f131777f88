import type { Cyclone, Entity } from './cyclone.ts';
import { checked, dataAvailable, takeSamples, type Endpoint } from './entities.ts';
import { announceType, sampleType } from './type-descriptors.ts';
import { topicNames } from './worker-protocol.ts';

/** `DDS_BUILTIN_TOPIC_DCPSPUBLICATION` and `..SUBSCRIPTION`: what Cyclone says of the endpoints that it has discovered. */
const discovered: readonly Entity[] = [0x7fff_0003, 0x7fff_0004];
/** dds_builtintopic_endpoint_t: two identifiers, a handle, then topic and type. */
const endpointBytes = 64;
const topicNameAt = 40;
const typeNameAt = 48;
/** Statuses of a writer and a reader: how many in all, how many new, the policy at fault last. */
const newAt = 4;
const policyAt = 8;
const statusBytes = 12;

const policies: Readonly<Record<number, string>> = {
  2: 'durability',
  4: 'deadline',
  6: 'ownership',
  8: 'liveliness',
  11: 'reliability',
  12: 'destination order',
};

/** Another partition is another run: nothing is wrong with that. */
const partition = 10;

/** Different complaints that one domain makes; a peer that invents names makes no more of them. */
const reasonsMax = 32;

/**
 * Notices peers that use our topics with another type or quality of service. DDS leaves such endpoints unconnected in
 * silence, so without this a participant of another version would look as if nobody were there.
 */
export class IncompatibleQosMonitor {
  readonly #cyclone: Cyclone;
  readonly #readers: readonly Entity[];
  readonly #announcing: Endpoint;
  readonly #hearing: Endpoint;
  readonly #told = new Set<string>();

  constructor(
    cyclone: Cyclone,
    parts: { readonly participant: Entity; readonly announcing: Endpoint; readonly hearing: Endpoint },
  ) {
    this.#cyclone = cyclone;
    this.#announcing = parts.announcing;
    this.#hearing = parts.hearing;
    this.#readers = discovered.map((topic) => {
      const what = 'reader of what is discovered';
      const reader = checked(cyclone, cyclone.createReader(parts.participant, topic, null, null), what);
      // Every other status stays set until somebody asks for it, and would wake the thread again at once, without end.
      checked(cyclone, cyclone.setStatusMask(reader, dataAvailable), what);
      return reader;
    });
  }

  /** What wakes the thread when there may be one. */
  get entities(): readonly Entity[] {
    return [...this.#readers, this.#announcing.entity];
  }

  look(tell: (reason: string) => void): void {
    const once = (reason: string): void => {
      if (this.#told.has(reason) || this.#told.size >= reasonsMax) return;
      this.#told.add(reason);
      tell(reason);
    };
    for (const reader of this.#readers) {
      const take = (): boolean => takeSamples(this.#cyclone, reader, (address) => this.#check(address, once));
      while (take());
    }
    this.#checkQuality(this.#announcing, 'written', once);
    this.#checkQuality(this.#hearing, 'read', once);
  }

  #check(address: bigint, tell: (reason: string) => void): void {
    const struct = Buffer.alloc(endpointBytes);
    this.#cyclone.copy(struct, address, endpointBytes);
    const topic = this.#cyclone.textAt(address + BigInt(topicNameAt));
    const expected = typeOf(topic);
    if (expected === null) return;
    const type = this.#cyclone.textAt(address + BigInt(typeNameAt));
    if (type === expected) return;
    tell(`it has topic ${topic} with type ${type.slice(0, 80)}, which here is ${expected}`);
  }

  #checkQuality(endpoint: Endpoint, verb: string, tell: (reason: string) => void): void {
    const status = Buffer.alloc(statusBytes);
    const ask = verb === 'written' ? this.#cyclone.offeredIncompatible : this.#cyclone.requestedIncompatible;
    if (ask(endpoint.entity, status) < 0 || status.readInt32LE(newAt) === 0) return;
    const policy = status.readUInt32LE(policyAt);
    if (policy === partition) return;
    const name = policies[policy] ?? `policy ${policy}`;
    tell(`its ${name} does not suit the topic ${topicNames.session} that is ${verb} here`);
  }
}

function typeOf(topic: string): string | null {
  const kind = topic.replace(/_(up|down)$/, '');
  if (kind === topicNames.session) return announceType.name;
  return kind === topicNames.control || kind === topicNames.bulk ? sampleType.name : null;
}
