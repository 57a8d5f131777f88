import type { Cyclone, Entity } from './cyclone.ts';

/** A call of Cyclone DDS that failed; its text goes to whoever asked for it. */
export class DdsFailure extends Error {
  override readonly name = 'DdsFailure';
}

export function checked(cyclone: Cyclone, code: number, what: string): Entity {
  if (code < 0) throw new DdsFailure(`${what}: ${cyclone.textOf(code)}`);
  return code;
}

export interface Quality {
  /** Readers that come later get what was written before. */
  readonly durability: 'volatile' | 'transient-local';
  /** Nothing is lost between a writer and its readers, or the last of each key is enough. */
  readonly history: 'all' | 'last';
  readonly partition: string;
}

const reliable = 1;
const keepAll = 1;
const keepLast = 0;
/** How long a write may wait for room in the writer's history; credit keeps it from coming to that. */
const writeBlockingNs = 2_000_000_000n;

/** Uses a quality of service and lets go of it. */
export function withQos<T>(cyclone: Cyclone, quality: Quality, work: (qos: bigint) => T): T {
  const qos = cyclone.createQos();
  try {
    cyclone.setReliability(qos, reliable, writeBlockingNs);
    cyclone.setDurability(qos, quality.durability === 'volatile' ? 0 : 1);
    cyclone.setHistory(qos, quality.history === 'all' ? keepAll : keepLast, 1);
    cyclone.setPartition(qos, quality.partition);
    // A writer that goes leaves what it wrote: late joiners are told by samples, not by disappearances.
    cyclone.setWriterLifecycle(qos, false);
    return work(qos);
  } finally {
    cyclone.deleteQos(qos);
  }
}

/** Cyclone announces these of each participant with what it finds out, unless they are set; what is set is announced to nobody. */
const ownProperties = ['__ProcessName', '__Pid', '__Hostname'];

/** A participant of a domain, without telling whose process it is. */
export function createParticipant(cyclone: Cyclone, domain: number): Entity {
  const qos = cyclone.createQos();
  try {
    for (const name of ownProperties) cyclone.setProperty(qos, name, '');
    return checked(cyclone, cyclone.createParticipant(domain, qos, null), 'participant');
  } finally {
    cyclone.deleteQos(qos);
  }
}

export const dataAvailable = 1 << 8;
const subscriptionMatched = 1 << 12;
const offeredIncompatible = 1 << 3;
const requestedIncompatible = 1 << 4;
/** `total_count, total_count_change, current_count, …`: the third is how many are there now. */
const currentCountAt = 8;

/** A writer or reader with the parent that carries its partition. */
export class Endpoint {
  readonly entity: Entity;
  readonly #parent: Entity;
  readonly #cyclone: Cyclone;
  readonly #kind: 'reader' | 'writer';

  constructor(
    cyclone: Cyclone,
    make: {
      readonly kind: 'reader' | 'writer';
      readonly participant: Entity;
      readonly topic: Entity;
      readonly quality: Quality;
      /** Wakes the thread also for a peer whose quality does not suit it; then that must be asked for. */
      readonly reportsIncompatibleQos?: true;
    },
  ) {
    this.#cyclone = cyclone;
    this.#kind = make.kind;
    const { participant, topic } = make;
    const made = withQos(cyclone, make.quality, (qos) => {
      if (make.kind === 'writer') {
        const parent = checked(cyclone, cyclone.createPublisher(participant, qos, null), 'publisher');
        const entity = checked(cyclone, cyclone.createWriter(parent, topic, qos, null), 'writer');
        if (make.reportsIncompatibleQos)
          checked(cyclone, cyclone.setStatusMask(entity, offeredIncompatible), 'status mask');
        return { parent, entity };
      }
      const parent = checked(cyclone, cyclone.createSubscriber(participant, qos, null), 'subscriber');
      const entity = checked(cyclone, cyclone.createReader(parent, topic, qos, null), 'reader');
      const incompatible = make.reportsIncompatibleQos ? requestedIncompatible : 0;
      checked(
        cyclone,
        cyclone.setStatusMask(entity, dataAvailable | subscriptionMatched | incompatible),
        'status mask',
      );
      return { parent, entity };
    });
    this.entity = made.entity;
    this.#parent = made.parent;
  }

  /** How many of the other kind it is connected to now. */
  matched(): number {
    const status = Buffer.alloc(32);
    const ask = this.#kind === 'writer' ? this.#cyclone.publicationMatched : this.#cyclone.subscriptionMatched;
    return ask(this.entity, status) < 0 ? 0 : status.readUInt32LE(currentCountAt);
  }

  /** Fails only when it has gone already, with its domain. */
  delete(): void {
    this.#cyclone.delete(this.#parent);
  }
}

const samplesPerTake = 16;
/** dds_sample_info_t: three enums, whether there is data, a time, two handles, five counts. */
const infoBytes = 64;
const validDataAt = 12;
const writerAt = 32;

/**
 * Takes what a reader has, at most 16 samples; true: there may be more. `onSample` gets the address of each and copies, and
 * what tells its writer from others here.
 */
export function takeSamples(
  cyclone: Cyclone,
  reader: Entity,
  onSample: (address: bigint, writer: bigint) => void,
): boolean {
  const samples = Buffer.alloc(8 * samplesPerTake);
  const infos = Buffer.alloc(infoBytes * samplesPerTake);
  const count = cyclone.take(reader, samples, infos, samplesPerTake, samplesPerTake);
  if (count <= 0) return false;
  try {
    for (let i = 0; i < count; i++) {
      const info = infoBytes * i;
      if (infos[info + validDataAt] === 0) continue;
      onSample(samples.readBigUInt64LE(8 * i), infos.readBigUInt64LE(info + writerAt));
    }
  } finally {
    cyclone.returnLoan(reader, samples, count);
  }
  return count === samplesPerTake;
}
