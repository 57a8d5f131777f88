import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

const socketBytes = 4 * 1024 * 1024;

/** Waits for a number of bytes to have passed. */
class Meter {
  #bytes = 0;
  #waiting: { readonly bytes: number; readonly resolve: () => void }[] = [];

  add(bytes: number): void {
    this.#bytes += bytes;
    for (const { bytes: wanted, resolve } of this.#waiting) if (this.#bytes >= wanted) resolve();
    this.#waiting = this.#waiting.filter((one) => this.#bytes < one.bytes);
  }

  /** So many more than until now. */
  passed(bytes: number): Promise<void> {
    return new Promise((resolve) => void this.#waiting.push({ bytes: this.#bytes + bytes, resolve }));
  }
}

/** A router between clients and one UDP port: it can give its flows other addresses, as NATs do, or swallow everything. */
export class UdpPath implements AsyncDisposable {
  readonly meter = new Meter();
  swallows = false;
  /** Larger datagrams are swallowed, as by a tunnel with less room that tells nobody. */
  largestBytes = Number.POSITIVE_INFINITY;
  /** Addresses that clients' flows have had towards the target. */
  flows = 0;
  readonly #front: UdpSocket;
  readonly #target: number;
  readonly #upstream = new Map<number, UdpSocket>();

  private constructor(front: UdpSocket, target: number) {
    this.#front = front;
    this.#target = target;
    front.on('message', (datagram, from) => this.#up(datagram, from));
  }

  static async open(target: number): Promise<UdpPath> {
    const front = createSocket({ type: 'udp4', recvBufferSize: socketBytes, sendBufferSize: socketBytes });
    front.bind(0, '127.0.0.1');
    await once(front, 'listening');
    return new UdpPath(front, target);
  }

  get port(): number {
    return this.#front.address().port;
  }

  /** From now on every flow comes to the target from another port; what comes to the old one is lost. */
  rebind(): void {
    for (const socket of this.#upstream.values()) socket.close();
    this.#upstream.clear();
  }

  #swallowed(datagram: Buffer): boolean {
    return this.swallows || datagram.byteLength > this.largestBytes;
  }

  #up(datagram: Buffer, from: RemoteInfo): void {
    if (this.#swallowed(datagram)) return;
    let socket = this.#upstream.get(from.port);
    if (socket === undefined) {
      this.flows++;
      socket = createSocket({ type: 'udp4', recvBufferSize: socketBytes, sendBufferSize: socketBytes });
      socket.on('message', (answer) => {
        if (this.#swallowed(answer)) return;
        this.meter.add(answer.byteLength);
        this.#front.send(answer, from.port, from.address);
      });
      // The target has closed its port.
      socket.on('error', () => undefined);
      this.#upstream.set(from.port, socket);
    }
    this.meter.add(datagram.byteLength);
    socket.send(datagram, this.#target, '127.0.0.1');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.rebind();
    await new Promise<void>((resolve) => void this.#front.close(() => resolve()));
  }
}

/** The same for TCP, whose connections do not outlive a change of address: they end. */
export class TcpPath implements AsyncDisposable {
  readonly meter = new Meter();
  /** New connections end at once. */
  refuses = false;
  /** All that passes, either way, when somebody keeps it. */
  kept: Buffer[] | null = null;
  readonly #server = createServer((socket) => this.#join(socket));
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  /** The clients' ends of them. */
  readonly #nears = new Set<Socket>();

  private constructor(target: number) {
    this.#target = target;
  }

  static async open(target: number): Promise<TcpPath> {
    const path = new TcpPath(target);
    path.#server.listen(0, '127.0.0.1');
    await once(path.#server, 'listening');
    return path;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** What clients send is read no more: they see a window of zero. What is sent to them passes. */
  stall(): void {
    for (const socket of this.#nears) socket.unpipe().pause();
  }

  /** Ends what is open, as an address that is gone does. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(near: Socket): void {
    if (this.refuses) return void near.destroy();
    const far = connect({ port: this.#target, host: '127.0.0.1' });
    this.#nears.add(near);
    near.once('close', () => this.#nears.delete(near));
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (bytes: Buffer) => {
        this.meter.add(bytes.byteLength);
        this.kept?.push(bytes);
      });
      from.pipe(to);
      from.on('error', () => undefined);
      from.once('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }
}
