import type { Socket } from 'node:dgram';
import type { Clock } from '#shared/base/time/clock.ts';
import { spawn } from '#shared/base/spawn.ts';
import { limits } from '#shared/contract/limits.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import { locatorsIn } from './rtps-locators.ts';
import type { Target } from './tcp-route.ts';
import { closeUdp, openUdp, passThrough, sendUdp } from './udp-flow.ts';
import type { Way } from './way.ts';
import type { Ways } from './ways.ts';

/** A port of ours that stands for a port of one side, where the other side sends what is for it. */
interface Standing {
  readonly real: Target;
  readonly socket: Socket;
  readonly port: number;
}

/**
 * Relays DDS. Its participants tell each other their addresses in their discovery data, so each address that passes is
 * replaced by a port of this relay that stands for it: from then on the other side sends there. RTPS does not look at where
 * a datagram came from; there is no mapping that a NAT could forget, and `rebind` changes nothing.
 */
export class DdsRoute implements AsyncDisposable {
  readonly connections = 0;
  readonly #ways: Ways;
  readonly #clock: Clock;
  readonly #queue: DeliveryQueue;
  /** Stand-ins for ports of the coordinator, which the participant sends to, and the other way round; oldest first. */
  readonly #forCoordinator = new Map<string, Promise<Standing>>();
  readonly #forParticipant = new Map<string, Promise<Standing>>();
  #out: Socket | null = null;
  #closed = false;

  private constructor(parts: { readonly ways: Ways; readonly clock: Clock }) {
    this.#ways = parts.ways;
    this.#clock = parts.clock;
    this.#queue = new DeliveryQueue(parts.clock);
  }

  /** Resolves with the port that stands for the coordinator's discovery. */
  static async open(
    target: Target,
    parts: { readonly ways: Ways; readonly clock: Clock },
  ): Promise<{ readonly port: number; readonly route: DdsRoute }> {
    const route = new DdsRoute(parts);
    route.#out = await openUdp(0, () => undefined);
    const { port } = await route.#standing('coordinator', target);
    return { port, route };
  }

  get flows(): number {
    return this.#forParticipant.size;
  }

  changed(): void {
    // Datagrams meet the conditions of the moment; there is nothing to tell.
  }

  rebind(): void {
    // See above.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#queue[Symbol.dispose]();
    const standing = await Promise.allSettled([...this.#forCoordinator.values(), ...this.#forParticipant.values()]);
    const sockets = standing.flatMap((one) => (one.status === 'fulfilled' ? [one.value.socket] : []));
    if (this.#out !== null) sockets.push(this.#out);
    await Promise.all(sockets.map((socket) => closeUdp(socket)));
  }

  #standing(side: 'coordinator' | 'participant', real: Target): Promise<Standing> {
    const known = side === 'coordinator' ? this.#forCoordinator : this.#forParticipant;
    const key = `${real.host}:${real.port}`;
    const standing = known.get(key) ?? this.#stand(side, real);
    known.set(key, standing);
    const [oldest] = known;
    if (known.size > limits.relayFlowsMax && oldest !== undefined) {
      known.delete(oldest[0]);
      spawn(
        'closing a socket of the relay',
        oldest[1].then(({ socket }) => closeUdp(socket)),
      );
    }
    return standing;
  }

  async #stand(side: 'coordinator' | 'participant', real: Target): Promise<Standing> {
    const way = side === 'coordinator' ? this.#ways.up : this.#ways.down;
    const sender = side === 'coordinator' ? 'participant' : 'coordinator';
    const socket = await openUdp(0, (bytes) => this.#take(bytes, { way, sender, real }));
    return { real, socket, port: socket.address().port };
  }

  #take(bytes: Buffer, to: { way: Way; sender: 'coordinator' | 'participant'; real: Target }): void {
    const through = { way: to.way, queue: this.#queue, clock: this.#clock };
    passThrough(bytes, through, () => spawn('passing a datagram on', this.#deliver(bytes, to)));
  }

  /** The addresses of who sends it are replaced by ports that stand for them, opened when they are new. */
  async #deliver(bytes: Buffer, to: { sender: 'coordinator' | 'participant'; real: Target }): Promise<void> {
    const locators = locatorsIn(bytes);
    // Most carry none and go at once; waiting even a turn could change their order.
    if (locators.length > 0) {
      const ports = await Promise.all(locators.map((locator) => this.#standing(to.sender, locator)));
      locators.forEach((locator, index) => locator.replace((ports[index] as Standing).port));
    }
    if (this.#closed || this.#out === null) return;
    sendUdp(this.#out, bytes, to.real.port, to.real.host);
  }
}
