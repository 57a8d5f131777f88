import type { RemoteInfo, Socket } from 'node:dgram';
import type { Clock } from '#shared/base/time/clock.ts';
import { spawn } from '#shared/base/spawn.ts';
import { limits } from '#shared/contract/limits.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import type { Target } from './tcp-route.ts';
import { closeUdp, freshUdp, openUdp, passThrough, sendUdp } from './udp-flow.ts';
import type { Ways } from './ways.ts';

interface Flow {
  readonly port: number;
  readonly host: string;
  /** Our socket towards the coordinator; a rebinding replaces it. */
  back: Socket | null;
}

/**
 * Passes datagrams on in the coordinator's place. Each address that sends gets a socket of its own towards the coordinator,
 * as behind a NAT, so that answers find their way back; `rebind` gives all of them new ports.
 */
export class UdpRoute implements AsyncDisposable {
  readonly #target: Target;
  readonly #ways: Ways;
  readonly #clock: Clock;
  readonly #queue: DeliveryQueue;
  /** By the sender's address, least recently made first. */
  readonly #flows = new Map<string, Flow>();
  #front: Socket | null = null;

  private constructor(target: Target, parts: { readonly ways: Ways; readonly clock: Clock }) {
    this.#target = target;
    this.#ways = parts.ways;
    this.#clock = parts.clock;
    this.#queue = new DeliveryQueue(parts.clock);
  }

  static async open(port: number, target: Target, parts: { ways: Ways; clock: Clock }): Promise<UdpRoute> {
    const route = new UdpRoute(target, parts);
    route.#front = await openUdp(port, (bytes, from) => route.#up(bytes, from));
    return route;
  }

  get flows(): number {
    return this.#flows.size;
  }

  /** A NAT that has forgotten its mappings: what goes out next leaves from new ports, what comes to the old ones is lost. */
  rebind(): void {
    for (const flow of this.#flows.values()) {
      if (flow.back !== null) spawn('closing a socket of the relay', closeUdp(flow.back));
      flow.back = null;
    }
  }

  changed(): void {
    // A network that was cut and comes back gives new addresses.
    if (this.#ways.up.outage === 'disconnect') this.rebind();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#queue[Symbol.dispose]();
    const sockets = [this.#front, ...[...this.#flows.values()].map(({ back }) => back)];
    this.#flows.clear();
    await Promise.all(sockets.map((socket) => (socket === null ? Promise.resolve() : closeUdp(socket))));
  }

  #up(bytes: Buffer, from: RemoteInfo): void {
    const through = { way: this.#ways.up, queue: this.#queue, clock: this.#clock };
    const flow = this.#flowOf(from);
    passThrough(bytes, through, () => {
      flow.back ??= freshUdp((answer) => this.#down(flow, answer));
      sendUdp(flow.back, bytes, this.#target.port, this.#target.host);
    });
  }

  #down(flow: Flow, bytes: Buffer): void {
    const through = { way: this.#ways.down, queue: this.#queue, clock: this.#clock };
    passThrough(bytes, through, () => {
      if (this.#front !== null) sendUdp(this.#front, bytes, flow.port, flow.host);
    });
  }

  #flowOf({ address, port }: RemoteInfo): Flow {
    const key = `${address}:${port}`;
    const known = this.#flows.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#flows;
    if (this.#flows.size >= limits.relayFlowsMax && oldest !== undefined) {
      this.#flows.delete(oldest[0]);
      if (oldest[1].back !== null) spawn('closing a socket of the relay', closeUdp(oldest[1].back));
    }
    const flow: Flow = { host: address, port, back: null };
    this.#flows.set(key, flow);
    return flow;
  }
}
