import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import type { Clock } from '#shared/base/time/clock.ts';
import type { Cyclone, Entity } from './cyclone.ts';
import { checked } from './entities.ts';
import { WorkerNode } from './worker-node.ts';
import type { Command, Report } from './worker-protocol.ts';
import { WorkerSession } from './worker-session.ts';

/** Longest sleep of the loop. */
const oneTurnNs = 500_000_000n;
/** A session that opens or closes waits for something that wakes no reader, so it is polled this often. */
const lookNs = 4_000_000n;
const tagsMax = 64;
/** Bulk samples written before the readers are polled again. They take a few milliseconds, so control messages need not wait longer. */
const bulkWritesPerTurn = 2;
/** `DDS_CYCLONEDDS_HANDLE`: the library itself, parent of domains. */
const libraryHandle = 0x7fff_0100;
const guardTag = 0;
/** The tag of a waitset entry says which node or session woke the thread. */
const tagOfNode = (node: number): number => 2 * node + 1;
const tagOfSession = (session: number): number => 2 * session + 2;

/**
 * The thread that owns Cyclone DDS. One loop sleeps in a waitset until a reader has samples or the main thread sets the
 * guard condition. It never returns to Node's event loop, so it reads its messages by `receiveMessageOnPort`.
 * Decision 0040.
 */
export class DdsLoop {
  readonly #cyclone: Cyclone;
  readonly #port: MessagePort;
  readonly #stop: Int32Array;
  readonly #clock: Clock;
  readonly #waitset: Entity;
  readonly guard: Entity;
  readonly #nodes = new Map<number, WorkerNode>();
  readonly #sessions = new Map<number, { readonly node: number; readonly session: WorkerSession }>();
  readonly #closingNodes = new Map<number, number>();
  #reports: Report[] = [];
  /** Sessions that have more samples to read, or that must be polled because no reader wakes for them. */
  readonly #watched = new Set<number>();
  #more = false;
  /** Bulk samples not yet written; the credit of their sessions bounds them. */
  #bulk: Extract<Command, { type: 'send' }>[] = [];

  constructor(
    cyclone: Cyclone,
    parts: { readonly port: MessagePort; readonly stop: Int32Array; readonly clock: Clock },
  ) {
    this.#cyclone = cyclone;
    this.#port = parts.port;
    this.#stop = parts.stop;
    this.#clock = parts.clock;
    this.#waitset = checked(cyclone, cyclone.createWaitset(libraryHandle), 'waitset');
    this.guard = checked(cyclone, cyclone.createGuard(libraryHandle), 'guard');
    checked(cyclone, cyclone.attach(this.#waitset, this.guard, guardTag), 'attach');
  }

  run(): void {
    const tags = Buffer.alloc(8 * tagsMax);
    for (;;) {
      const count = this.#cyclone.wait(this.#waitset, tags, tagsMax, this.#patienceNs());
      if (Atomics.load(this.#stop, 0) !== 0) break;
      this.#cyclone.setGuard(this.guard, false);
      if (!this.#obey()) break;
      for (const command of this.#bulk.splice(0, bulkWritesPerTurn)) this.#send(command);
      this.#more = this.#bulk.length > 0;
      for (let i = 0; i < Math.min(count, tagsMax); i++) this.#look(Number(tags.readBigInt64LE(8 * i)));
      for (const session of [...this.#watched]) this.#look(tagOfSession(session));
      this.#endWhatIsDone();
      this.#flush();
    }
    for (const node of this.#nodes.values()) node.delete();
    this.#cyclone.delete(this.guard);
    this.#cyclone.delete(this.#waitset);
  }

  /** False: told to stop. */
  #obey(): boolean {
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
      for (const command of next.message as readonly Command[]) {
        if (command.type === 'stop') return false;
        this.#execute(command);
      }
    }
    return true;
  }

  #execute(command: Exclude<Command, { type: 'stop' }>): void {
    switch (command.type) {
      case 'open_node':
        return this.#openNode(command);
      case 'announce':
        return this.#nodes.get(command.node)?.announce(command.announcement);
      case 'retract':
        return this.#nodes.get(command.node)?.retract(command.announcement);
      case 'open_session':
        return this.#openSession(command);
      case 'send':
        if (command.to === 'bulk') this.#bulk.push(command);
        else this.#send(command);
        return;
      case 'close_session': {
        const known = this.#sessions.get(command.session);
        if (known === undefined) return this.#report({ type: 'session_closed', session: command.session });
        this.#watched.add(command.session);
        known.session.closingAtMs = this.#clock.monotonicMs() + command.drainMs;
        return;
      }
      case 'close_node':
        return this.#closeNode(command.node, command.manner);
    }
  }

  #send({ session, to, sample }: Extract<Command, { type: 'send' }>): void {
    const failure = this.#sessions.get(session)?.session.send(to, sample) ?? null;
    if (failure !== null) this.#fail(session, failure);
  }

  #openNode(command: Extract<Command, { type: 'open_node' }>): void {
    try {
      const node = new WorkerNode(this.#cyclone, command);
      this.#nodes.set(command.node, node);
      for (const entity of node.waking) {
        checked(this.#cyclone, this.#cyclone.attach(this.#waitset, entity, tagOfNode(command.node)), 'attach');
      }
      this.#report({ type: 'node', node: command.node, error: null });
    } catch (error) {
      this.#report({ type: 'node', node: command.node, error: textOf(error) });
    }
  }

  #openSession(command: Extract<Command, { type: 'open_session' }>): void {
    const node = this.#nodes.get(command.node);
    if (node === undefined) return this.#fail(command.session, 'its domain has been left');
    try {
      const session = new WorkerSession(this.#cyclone, node, command);
      this.#sessions.set(command.session, { node: command.node, session });
      this.#watched.add(command.session);
      for (const reader of session.readers) {
        checked(this.#cyclone, this.#cyclone.attach(this.#waitset, reader, tagOfSession(command.session)), 'attach');
      }
    } catch (error) {
      this.#fail(command.session, textOf(error));
    }
  }

  /** Gives the last announcements some time to arrive, unless the connection is to be cut as by a pulled cable. */
  #closeNode(id: number, manner: 'clean' | 'cut'): void {
    const node = this.#nodes.get(id);
    if (manner === 'cut') node?.cut();
    if (manner === 'clean' && node !== undefined) {
      this.#closingNodes.set(id, this.#clock.monotonicMs() + 500);
      return;
    }
    this.#endNode(id);
  }

  #endNode(id: number): void {
    this.#closingNodes.delete(id);
    for (const [number, { node }] of this.#sessions) {
      if (node === id) this.#endSession(number);
    }
    const node = this.#nodes.get(id);
    this.#nodes.delete(id);
    for (const entity of node?.waking ?? []) this.#cyclone.detach(this.#waitset, entity);
    node?.delete();
    this.#report({ type: 'node_closed', node: id });
  }

  #endSession(number: number): void {
    const known = this.#sessions.get(number);
    if (known === undefined) return;
    this.#sessions.delete(number);
    for (const reader of known.session.readers) this.#cyclone.detach(this.#waitset, reader);
    known.session.delete();
    this.#report({ type: 'session_closed', session: number });
  }

  #fail(session: number, reason: string): void {
    this.#report({ type: 'session_failed', session, reason });
  }

  #patienceNs(): bigint {
    if (this.#more) return 0n;
    return this.#watched.size > 0 || this.#closingNodes.size > 0 ? lookNs : oneTurnNs;
  }

  #look(tag: number): void {
    if (tag === guardTag) return;
    const report = (said: Report): void => this.#report(said);
    if (tag % 2 === 1) return this.#nodes.get((tag - 1) / 2)?.hear(report);
    const number = (tag - 2) / 2;
    const session = this.#sessions.get(number)?.session;
    if (session === undefined) return void this.#watched.delete(number);
    const more = session.receive(report);
    session.look(report);
    if (more) this.#more = true;
    if (more || isLooked(session)) this.#watched.add(number);
    else this.#watched.delete(number);
  }

  #endWhatIsDone(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [number, { session }] of this.#sessions) {
      if (session.closingAtMs !== null && (this.#isDrained(number, session) || nowMs >= session.closingAtMs)) {
        this.#endSession(number);
      }
    }
    for (const [id, atMs] of this.#closingNodes) {
      if (this.#nodes.get(id)?.drained !== false || nowMs >= atMs) this.#endNode(id);
    }
  }

  #isDrained(number: number, session: WorkerSession): boolean {
    return session.drained && !this.#bulk.some((waiting) => waiting.session === number);
  }

  #report(report: Report): void {
    this.#reports.push(report);
  }

  #flush(): void {
    if (this.#reports.length === 0) return;
    const reports = this.#reports;
    this.#reports = [];
    const moved = reports.flatMap((said) =>
      said.type === 'samples' ? said.samples.map(({ bytes }) => bytes.buffer as ArrayBuffer) : [],
    );
    this.#port.postMessage(reports, moved);
  }
}

/** Whether it must be polled: no reader wakes for its end, nor for the peer's first appearance. */
function isLooked(session: WorkerSession): boolean {
  return session.closingAtMs !== null || session.unmatched;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
