import type { Clock } from '#shared/base/time/clock.ts';
import type { Random } from '#shared/base/random.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import type { LinkConditions } from '#shared/contract/run/selection.ts';
import { LinkObserver } from '#engine/selection/link-observer.ts';
import { connect, transfer, type Path, type Transferred } from './transfer.ts';

/** The protocols that each simulated run offers. */
export const offered: readonly Protocol[] = ['quic', 'mqtt', 'amqp', 'grpc', 'dds'];

/** How far implementations are off the books on one path, in logarithms: by a factor of 1.5 either way. */
const speedDeviation = 0.4;
/** How much transfers differ beside their drawn losses. */
const noiseDeviation = 0.1;
/** Simulated transfers per protocol, of which rounds draw theirs. */
const poolSize = 24;

/** One path with protocols of its own peculiar speeds, which nobody knows beforehand. */
export class World {
  readonly path: Path;
  /** True mean seconds of one round over each protocol, failures included. */
  readonly meanSeconds: ReadonlyMap<Protocol, number>;
  readonly #pools: ReadonlyMap<Protocol, readonly Transferred[]>;

  constructor(path: Path, bytes: number, random: Random) {
    this.path = path;
    const speeds = random.fork('speeds');
    const draws = random.fork('transfers');
    this.#pools = new Map(
      offered.map((protocol) => {
        const speed = Math.exp(speedDeviation * speeds.normal());
        const one = (): Transferred =>
          transfer(protocol, bytes, { path, speed: speed * Math.exp(noiseDeviation * draws.normal()), random: draws });
        return [protocol, Array.from({ length: poolSize }, one)];
      }),
    );
    // What a failure costs on top: the payload is dialed for and sent again over the best of those that hold on.
    const sure = [...this.#pools].filter(([, pool]) => pool.every(({ succeeded }) => succeeded));
    const again = Math.min(
      ...sure.map(([protocol, pool]) => connect(protocol, path) + mean(pool.map(({ seconds }) => seconds))),
    );
    this.meanSeconds = new Map(
      [...this.#pools].map(([protocol, pool]) => [
        protocol,
        mean(pool.map(({ seconds, succeeded }) => seconds + (succeeded ? 0 : again))),
      ]),
    );
  }

  transfer(protocol: Protocol, random: Random): Transferred {
    const pool = this.#pools.get(protocol) ?? [];
    return pool[random.int(pool.length)] as Transferred;
  }

  best(): { readonly protocol: Protocol; readonly seconds: number } {
    const [protocol, seconds] = [...this.meanSeconds].toSorted((a, b) => a[1] - b[1])[0] as [Protocol, number];
    return { protocol, seconds };
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** What a participant knows of the path: what its link observer makes of the figures that links report. */
export class Witness {
  readonly #random: Random;
  readonly #observer: LinkObserver;
  #sent = 0;
  #lost = 0;

  constructor(random: Random, clock: Clock) {
    this.#random = random;
    this.#observer = new LinkObserver(clock);
    this.#observer.udp('open');
    this.#observer.machine({ battery: null, cpuLoad: 0.2 });
  }

  conditions(world: World, protocol: Protocol | null, payloadBytes: number): LinkConditions {
    // One a second while the model trains: what was before is forgotten.
    for (let i = 0; i < 8; i++) this.#tell(world, protocol ?? 'quic');
    return this.#observer.conditions(payloadBytes);
  }

  see(world: World, protocol: Protocol, bytes: number, { seconds, succeeded }: Transferred): void {
    if (protocol === 'quic') {
      const packets = Math.ceil(bytes / 1448);
      const deviation = Math.sqrt(packets * world.path.loss);
      this.#sent += packets;
      this.#lost += Math.max(0, Math.round(packets * world.path.loss + deviation * this.#random.normal()));
    }
    this.#tell(world, protocol);
    if (succeeded) this.#observer.transferred(protocol, bytes, seconds);
    else this.#observer.sessionLost();
  }

  #tell(world: World, protocol: Protocol): void {
    const { rttS, jitterS } = world.path;
    const rttMs = Math.max(0.1, (rttS + jitterS * this.#random.normal() * 0.3) * 1000);
    const counters =
      protocol === 'quic'
        ? [
            { name: 'pathSentPackets', value: this.#sent },
            { name: 'pathLostPackets', value: this.#lost },
          ]
        : [];
    this.#observer.stats({ protocol, rttMs, counters });
  }
}
