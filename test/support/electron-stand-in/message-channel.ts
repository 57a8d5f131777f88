import { EventEmitter } from 'node:events';

/** Who may hold an end of a channel that is no longer here: a utility process or a page. */
export interface Holder {
  deliver(portId: number, data: unknown): void;
  close(portId: number): void;
}

const ends = new Map<number, PortEnd>();
let serial = 0;

/** One end of a channel, wherever it is held. Everything passes through this process, which only hands it on. */
class PortEnd {
  readonly id = ++serial;
  readonly port = new MessagePortMain(this);
  peer: PortEnd | undefined;
  #holder: Holder | undefined;
  #queue: unknown[] = [];
  #isStarted = false;

  constructor() {
    ends.set(this.id, this);
  }

  get holder(): Holder | undefined {
    return this.#holder;
  }

  receive(data: unknown): void {
    if (this.#holder !== undefined) this.#holder.deliver(this.id, data);
    else if (this.#isStarted) this.port.emit('message', { data, ports: [] });
    else this.#queue.push(data);
  }

  start(): void {
    this.#isStarted = true;
    for (const data of this.#queue.splice(0)) this.receive(data);
  }

  moveTo(holder: Holder): void {
    if (this.#holder !== undefined) throw new Error('this port was transferred before');
    this.#holder = holder;
    for (const data of this.#queue.splice(0)) holder.deliver(this.id, data);
    // The other end was closed while this one was under way.
    if (this.peer === undefined) holder.close(this.id);
  }

  /** Both ends are done with; the other one is told. */
  close(): void {
    const peer = this.peer;
    ends.delete(this.id);
    this.peer = undefined;
    if (peer === undefined) return;
    ends.delete(peer.id);
    peer.peer = undefined;
    if (peer.#holder !== undefined) peer.#holder.close(peer.id);
    else queueMicrotask(() => peer.port.emit('close'));
  }
}

/** Of Electron's own class its whole face, so that it fits wherever that is asked for. */
export class MessagePortMain
  extends EventEmitter
  implements Pick<Electron.MessagePortMain, 'close' | 'postMessage' | 'start'>
{
  readonly #end: PortEnd;

  constructor(end: PortEnd) {
    super();
    this.#end = end;
  }

  postMessage(message: unknown, transfer: unknown[] = []): void {
    if (transfer.length > 0)
      throw new Error('the stand-in passes ports with the messages of processes and pages alone');
    this.#end.peer?.receive(structuredClone(message));
  }

  start(): void {
    this.#end.start();
  }

  close(): void {
    this.#end.close();
  }

  /** For the stand-in: what the end is called beyond this process. */
  static idOf(port: Electron.MessagePortMain): number {
    return endOf(port).id;
  }

  /** For the stand-in: gives this end away, with all that waits in it. */
  static give(port: Electron.MessagePortMain, holder: Holder): void {
    endOf(port).moveTo(holder);
  }

  static endOf(port: MessagePortMain): PortEnd {
    return port.#end;
  }
}

function endOf(port: Electron.MessagePortMain): PortEnd {
  if (!(port instanceof MessagePortMain)) throw new TypeError('not a port of the stand-in');
  return MessagePortMain.endOf(port);
}

export class MessageChannelMain implements Pick<Electron.MessageChannelMain, 'port1' | 'port2'> {
  readonly port1: MessagePortMain;
  readonly port2: MessagePortMain;

  constructor() {
    const [one, other] = [new PortEnd(), new PortEnd()];
    one.peer = other;
    other.peer = one;
    this.port1 = one.port;
    this.port2 = other.port;
  }
}

/** A holder's end has something for the other one. */
export function relayMessage(portId: number, data: unknown): void {
  ends.get(portId)?.peer?.receive(data);
}

export function relayClose(portId: number): void {
  ends.get(portId)?.close();
}

/** The process has ended or the page has gone: so have their ends. */
export function closeAllOf(holder: Holder): void {
  for (const end of [...ends.values()]) if (end.holder === holder) end.close();
}
