import type { Cyclone, Entity } from './cyclone.ts';
import { checked, createParticipant, Endpoint, takeSamples } from './entities.ts';
import { IncompatibleQosMonitor } from './incompatible-qos.ts';
import { decodeAnnouncement, descriptorOf, encodeAnnouncement } from './structs.ts';
import { announceType, sampleType } from './type-descriptors.ts';
import { topicNames, type Announcement, type Report, type SampleClass, type Side } from './worker-protocol.ts';

/** Topic descriptions that Cyclone may look at as long as the process lives, one of each for all domains. */
const descriptors = new Map<string, ReturnType<typeof descriptorOf>>();

/** Domains of one process have numbers of their own; what others see is the configuration's. */
let nextDomain = 1000;

export interface NodeOptions {
  readonly node: number;
  readonly config: string;
  readonly side: Side;
  readonly run: string;
}

/** A domain with one participant and the two topics on which sessions are asked for and granted. */
export class WorkerNode {
  readonly side: Side;
  readonly run: string;
  readonly participant: Entity;
  readonly #node: number;
  readonly #cyclone: Cyclone;
  readonly #domain: Entity;
  readonly #topics = new Map<string, Entity>();
  readonly #announcing: Endpoint;
  readonly #hearing: Endpoint;
  readonly #incompatibleQos: IncompatibleQosMonitor;

  constructor(cyclone: Cyclone, options: NodeOptions) {
    this.#cyclone = cyclone;
    this.#node = options.node;
    this.side = options.side;
    this.run = options.run;
    const id = nextDomain++;
    this.#domain = checked(cyclone, cyclone.createDomain(id, options.config), 'domain');
    try {
      this.participant = createParticipant(cyclone, id);
      const quality = { durability: 'transient-local', history: 'last', partition: options.run } as const;
      const { participant } = this;
      const out = this.topic('session', 'out');
      const reportsIncompatibleQos = true;
      this.#announcing = new Endpoint(cyclone, {
        kind: 'writer',
        participant,
        topic: out,
        quality,
        reportsIncompatibleQos,
      });
      const incoming = this.topic('session', 'in');
      this.#hearing = new Endpoint(cyclone, {
        kind: 'reader',
        participant,
        topic: incoming,
        quality,
        reportsIncompatibleQos,
      });
      this.#incompatibleQos = new IncompatibleQosMonitor(cyclone, {
        participant,
        announcing: this.#announcing,
        hearing: this.#hearing,
      });
    } catch (error) {
      cyclone.delete(this.#domain);
      throw error;
    }
  }

  /** What wakes the thread: somebody announces something, or is discovered. */
  get waking(): readonly Entity[] {
    return [this.#hearing.entity, ...this.#incompatibleQos.entities];
  }

  topic(kind: 'session' | SampleClass, way: 'in' | 'out'): Entity {
    const side = way === 'out' ? this.side : this.side === 'up' ? 'down' : 'up';
    const name = `${topicNames[kind]}_${side}`;
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    const type = kind === 'session' ? announceType : sampleType;
    const descriptor = descriptors.get(type.name) ?? descriptorOf(this.#cyclone, type);
    descriptors.set(type.name, descriptor);
    const made = this.#cyclone.createTopic(this.participant, descriptor.struct, name, null, null);
    const topic = checked(this.#cyclone, made, `topic ${name}`);
    this.#topics.set(name, topic);
    return topic;
  }

  announce(announcement: Announcement): void {
    const { struct, held } = encodeAnnouncement(this.#cyclone, announcement);
    this.#cyclone.write(this.#announcing.entity, struct);
    void held.length;
  }

  retract(announcement: Announcement): void {
    const { struct, held } = encodeAnnouncement(this.#cyclone, announcement);
    this.#cyclone.dispose(this.#announcing.entity, struct);
    this.#cyclone.unregister(this.#announcing.entity, struct);
    void held.length;
  }

  /** What the others have announced since. */
  hear(report: (report: Report) => void): void {
    this.#incompatibleQos.look((reason) => report({ type: 'incompatible', node: this.#node, reason }));
    this.#hearing.matched();
    const take = (): boolean =>
      takeSamples(this.#cyclone, this.#hearing.entity, (address, writer) => {
        const announcement = decodeAnnouncement(this.#cyclone, address);
        if (isOfOurs(announcement)) report({ type: 'announced', node: this.#node, announcement, writer });
      });
    while (take());
  }

  /** Whether what was announced has arrived at all who are there. */
  get drained(): boolean {
    return this.#cyclone.waitForAcks(this.#announcing.entity, 0n) === 0;
  }

  cut(): void {
    this.#cyclone.deafMute(this.participant, true, true, forever);
  }

  delete(): void {
    this.#cyclone.delete(this.#domain);
  }
}

/** Longest text of an announcement, which is a reason in words; more is read by nobody, and would only fill memory on its way. */
const textCharsMax = 2048;

function isOfOurs(announcement: Announcement): boolean {
  return Object.values(announcement).every((value) => typeof value !== 'string' || value.length <= textCharsMax);
}

const forever = 0x7fff_ffff_ffff_ffffn;
