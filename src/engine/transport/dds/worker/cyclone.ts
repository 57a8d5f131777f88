import type koffiModule from 'koffi';
import { libraryCandidates, libraryMissing } from '../library.ts';

/** A handle of Cyclone DDS: positive, or a negative return code. */
export type Entity = number;

/**
 * The part of Cyclone DDS 0.10's C interface that the transport uses. Pointers are addresses (bigint) or buffers whose
 * memory the call may use; the layouts of structs are those of 64-bit systems.
 */
export interface Cyclone {
  readonly path: string;
  createDomain(id: number, config: string): Entity;
  createParticipant(domain: number, qos: bigint | null, listener: null): Entity;
  createTopic(participant: Entity, descriptor: Buffer, name: string, qos: bigint | null, listener: null): Entity;
  createSubscriber(participant: Entity, qos: bigint, listener: null): Entity;
  createPublisher(participant: Entity, qos: bigint, listener: null): Entity;
  createReader(parent: Entity, topic: Entity, qos: bigint | null, listener: null): Entity;
  createWriter(parent: Entity, topic: Entity, qos: bigint, listener: null): Entity;
  createWaitset(owner: Entity): Entity;
  createGuard(owner: Entity): Entity;
  setGuard(guard: Entity, on: boolean): number;
  setStatusMask(entity: Entity, mask: number): number;
  attach(waitset: Entity, entity: Entity, tag: number): number;
  detach(waitset: Entity, entity: Entity): number;
  /** Blocks until something attached has triggered, `timeoutNs` at most; the tags of what did are in `tags`. */
  wait(waitset: Entity, tags: Buffer, count: number, timeoutNs: bigint): number;
  take(reader: Entity, samples: Buffer, infos: Buffer, size: number, max: number): number;
  returnLoan(reader: Entity, samples: Buffer, count: number): number;
  write(writer: Entity, sample: Buffer): number;
  dispose(writer: Entity, sample: Buffer): number;
  unregister(writer: Entity, sample: Buffer): number;
  /** Blocks until all readers have what was written; a timeout of 0 asks. */
  waitForAcks(writer: Entity, timeoutNs: bigint): number;
  publicationMatched(writer: Entity, status: Buffer): number;
  subscriptionMatched(reader: Entity, status: Buffer): number;
  offeredIncompatible(writer: Entity, status: Buffer): number;
  requestedIncompatible(reader: Entity, status: Buffer): number;
  /** Neither hears nor speaks from now on, for faults. */
  deafMute(entity: Entity, deaf: boolean, mute: boolean, resetAfterNs: bigint): number;
  delete(entity: Entity): number;
  textOf(returnCode: number): string;
  /** Which of its messages go to stderr; none: what goes wrong is told by return codes, in our words. */
  setLogMask(categories: number): void;
  createQos(): bigint;
  deleteQos(qos: bigint): void;
  setReliability(qos: bigint, kind: number, maxBlockingNs: bigint): void;
  setDurability(qos: bigint, kind: number): void;
  setHistory(qos: bigint, kind: number, depth: number): void;
  setPartition(qos: bigint, name: string): void;
  setWriterLifecycle(qos: bigint, autoDispose: boolean): void;
  setProperty(qos: bigint, name: string, value: string): void;
  /** Copies `count` bytes from an address into memory of ours. */
  copy(target: Uint8Array, source: bigint, count: number): void;
  addressOf(bytes: Uint8Array): bigint;
  /** The text behind a `char *` that lies at this address; empty for a null pointer. */
  textAt(address: bigint): string;
}

/** `RTLD_NOW | RTLD_NODELETE`: unloaded with its thread, the library's thread-local destructors would crash the process. */
const keepLoaded: Partial<Record<NodeJS.Platform, number>> = { linux: 0x1002, darwin: 0x82 };

type Koffi = typeof koffiModule;
type Library = ReturnType<Koffi['load']>;

/** @throws RoundscopeError `transport_unavailable` where the library, or the means to call it, is absent */
export async function loadCyclone(given: string | undefined): Promise<Cyclone> {
  let cause: unknown;
  try {
    const { default: koffi } = await import('koffi');
    for (const path of libraryCandidates(given, process.platform)) {
      try {
        return bind(koffi, path);
      } catch (error) {
        cause = error;
      }
    }
  } catch (error) {
    cause = error;
  }
  throw libraryMissing(given, cause);
}

function bind(koffi: Koffi, path: string): Cyclone {
  const library = koffi.load(path);
  const system = koffi.load(process.platform === 'win32' ? 'msvcrt.dll' : null);
  const flags = keepLoaded[process.platform];
  if (flags !== undefined)
    (system.func('void *dlopen(str path, int flags)') as (p: string, f: number) => bigint)(path, flags);
  const memcpy = system.func('void *memcpy(void *target, void *source, size_t count)') as (
    target: Uint8Array,
    source: bigint,
    count: number,
  ) => bigint;
  return {
    path,
    ...entities(library),
    ...samplesAndStatus(library),
    ...qualities(library),
    copy: (target, source, count) => {
      if (count > 0) memcpy(target, source, count);
    },
    addressOf: (bytes) => koffi.address(bytes),
    textAt: (address) => (koffi.decode(address, 'str') as string | null) ?? '',
  };
}

function entities(library: Library) {
  const f = (signature: string) => library.func(signature) as never;
  return {
    createDomain: f('int32_t dds_create_domain(uint32_t id, str config)'),
    createParticipant: f('int32_t dds_create_participant(uint32_t domain, void *qos, void *listener)'),
    createTopic: f('int32_t dds_create_topic(int32_t dp, void *desc, str name, void *qos, void *listener)'),
    createSubscriber: f('int32_t dds_create_subscriber(int32_t dp, void *qos, void *listener)'),
    createPublisher: f('int32_t dds_create_publisher(int32_t dp, void *qos, void *listener)'),
    createReader: f('int32_t dds_create_reader(int32_t parent, int32_t topic, void *qos, void *listener)'),
    createWriter: f('int32_t dds_create_writer(int32_t parent, int32_t topic, void *qos, void *listener)'),
    createWaitset: f('int32_t dds_create_waitset(int32_t owner)'),
    createGuard: f('int32_t dds_create_guardcondition(int32_t owner)'),
    setGuard: f('int32_t dds_set_guardcondition(int32_t guard, bool on)'),
    setStatusMask: f('int32_t dds_set_status_mask(int32_t entity, uint32_t mask)'),
    attach: f('int32_t dds_waitset_attach(int32_t waitset, int32_t entity, intptr_t tag)'),
    detach: f('int32_t dds_waitset_detach(int32_t waitset, int32_t entity)'),
    wait: f('int32_t dds_waitset_wait(int32_t waitset, void *tags, size_t count, int64_t timeout)'),
    delete: f('int32_t dds_delete(int32_t entity)'),
    textOf: f('str dds_strretcode(int32_t code)'),
    setLogMask: f('void dds_set_log_mask(uint32_t categories)'),
  };
}

function samplesAndStatus(library: Library) {
  const f = (signature: string) => library.func(signature) as never;
  return {
    take: f('int32_t dds_take(int32_t reader, void *samples, void *infos, size_t size, uint32_t max)'),
    returnLoan: f('int32_t dds_return_loan(int32_t reader, void *samples, int32_t count)'),
    write: f('int32_t dds_write(int32_t writer, void *sample)'),
    dispose: f('int32_t dds_dispose(int32_t writer, void *sample)'),
    unregister: f('int32_t dds_unregister_instance(int32_t writer, void *sample)'),
    waitForAcks: f('int32_t dds_wait_for_acks(int32_t writer, int64_t timeout)'),
    publicationMatched: f('int32_t dds_get_publication_matched_status(int32_t writer, void *status)'),
    subscriptionMatched: f('int32_t dds_get_subscription_matched_status(int32_t reader, void *status)'),
    offeredIncompatible: f('int32_t dds_get_offered_incompatible_qos_status(int32_t writer, void *status)'),
    requestedIncompatible: f('int32_t dds_get_requested_incompatible_qos_status(int32_t reader, void *status)'),
    deafMute: f('int32_t dds_domain_set_deafmute(int32_t entity, bool deaf, bool mute, int64_t reset)'),
  };
}

function qualities(library: Library) {
  const f = (signature: string) => library.func(signature) as never;
  return {
    createQos: f('void *dds_create_qos()'),
    deleteQos: f('void dds_delete_qos(void *qos)'),
    setReliability: f('void dds_qset_reliability(void *qos, int kind, int64_t blocking)'),
    setDurability: f('void dds_qset_durability(void *qos, int kind)'),
    setHistory: f('void dds_qset_history(void *qos, int kind, int32_t depth)'),
    setPartition: f('void dds_qset_partition1(void *qos, str name)'),
    setWriterLifecycle: f('void dds_qset_writer_data_lifecycle(void *qos, bool dispose)'),
    setProperty: f('void dds_qset_prop(void *qos, str name, str value)'),
  };
}
