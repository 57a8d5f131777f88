import type { Server } from 'node:net';
import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Random } from '#shared/base/random.ts';
import type { EventData } from '#shared/contract/events.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { describeProtocol } from '#shared/contract/protocols.ts';
import type { NetworkConditions } from '#shared/contract/run/network.ts';
import { DdsRoute } from './dds-route.ts';
import { targetOf, throughRelay } from './endpoint-target.ts';
import { listenTcp, TcpRoute, type Target } from './tcp-route.ts';
import { UdpRoute } from './udp-route.ts';
import { Way } from './way.ts';
import type { Ways } from './ways.ts';

/** What is opened for an endpoint: TCP and UDP on one port, since an endpoint does not say which it is. */
interface Route extends AsyncDisposable {
  readonly connections: number;
  readonly flows: number;
  changed(): void;
  rebind(): void;
}

export interface NetworkParts {
  readonly participant: ParticipantId;
  readonly clock: Clock;
  readonly random: Random;
}

/** One participant's network: all its endpoints share its two ways, as they would share its line. */
export class ParticipantNetwork implements AsyncDisposable {
  readonly participant: ParticipantId;
  readonly #parts: NetworkParts;
  readonly #ways: Ways;
  readonly #routes: Route[] = [];
  #reported = '';

  constructor(parts: NetworkParts) {
    this.participant = parts.participant;
    this.#parts = parts;
    this.#ways = { up: new Way(parts.random.fork('up')), down: new Way(parts.random.fork('down')) };
  }

  /** Opens a way to each; the same endpoints as this participant must see them. */
  async open(endpoints: readonly Endpoint[]): Promise<readonly Endpoint[]> {
    const seen: Endpoint[] = [];
    for (const endpoint of endpoints) {
      const { clock } = this.#parts;
      const random = this.#parts.random.fork(`route ${this.#routes.length}`);
      const parts = { ways: this.#ways, clock, random };
      const open = openers[describeProtocol(endpoint.protocol).relayed];
      const { port, route } = await open(targetOf(endpoint), parts);
      this.#routes.push(route);
      seen.push(throughRelay(endpoint, port));
    }
    return seen;
  }

  set(conditions: NetworkConditions): void {
    const now = this.#parts.clock.monotonicMs();
    this.#ways.up.set(conditions, now);
    this.#ways.down.set(conditions, now);
    for (const route of this.#routes) route.changed();
  }

  /** A NAT between here and the coordinator forgets its mappings; TCP has none that could change unnoticed. */
  rebind(): void {
    for (const route of this.#routes) route.rebind();
  }

  /** What has passed so far; null when that is what was said last. */
  takeStats(): EventData<'network_stats'> | null {
    const { up, down } = this.#ways;
    const moved = `${up.counts.packets} ${up.counts.swallowed} ${down.counts.packets} ${down.counts.swallowed}`;
    if (moved === this.#reported) return null;
    this.#reported = moved;
    return {
      participant: this.participant,
      up: { ...up.counts, delayMs: up.takeMeanDelayMs(), queuedBytes: up.heldBytes },
      down: { ...down.counts, delayMs: down.takeMeanDelayMs(), queuedBytes: down.heldBytes },
      connections: this.#routes.reduce((sum, route) => sum + route.connections, 0),
      flows: this.#routes.reduce((sum, route) => sum + route.flows, 0),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#routes.map((route) => route[Symbol.asyncDispose]()));
  }
}

const openers = { port: openRoute, rtps: DdsRoute.open };

/** A port that TCP has free may be taken for UDP; this often another is tried. */
const triesMax = 20;

async function openRoute(
  target: Target,
  parts: { readonly ways: Ways; readonly clock: Clock; readonly random: Random },
): Promise<{ readonly port: number; readonly route: Route }> {
  for (let attempt = 1; ; attempt++) {
    const server = await listenTcp(0);
    const port = portOf(server);
    try {
      const udp = await UdpRoute.open(port, target, parts);
      const tcp = new TcpRoute(server, target, parts);
      return { port, route: bothOf(tcp, udp) };
    } catch (cause) {
      await new Promise<void>((resolve) => server.close(() => resolve()));
      if (attempt < triesMax) continue;
      throw new RoundscopeError('port_in_use', {
        layer: 'transport',
        message: `The relay found no port that is free for both TCP and UDP in ${triesMax} tries.`,
        cause,
      });
    }
  }
}

function bothOf(tcp: TcpRoute, udp: UdpRoute): Route {
  return {
    get connections() {
      return tcp.connections;
    },
    get flows() {
      return udp.flows;
    },
    changed: () => {
      tcp.changed();
      udp.changed();
    },
    rebind: () => udp.rebind(),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([tcp[Symbol.asyncDispose](), udp[Symbol.asyncDispose]()]);
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
