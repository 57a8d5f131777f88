import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { seededRandom } from '#shared/base/random.ts';
import type { RelayStart } from '#shared/contract/child-messages.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import { networkWords, type NetworkConditions } from '#shared/contract/run/network.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import { decodeInvitation, encodeInvitation } from '#engine/identity/invitation.ts';
import { ParticipantNetwork } from './participant-network.ts';

const statsMs = 1000;

export interface RelayOptions {
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** The networks of all participants of a demo, each between its participant and the one coordinator. Decision 0051. */
export class Relay implements AsyncDisposable {
  readonly #networks = new Map<ParticipantId, ParticipantNetwork>();
  readonly #options: RelayOptions;
  readonly #routes: { readonly participant: ParticipantId; readonly invitation: string }[] = [];
  #timer: Disposable | null = null;

  private constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** @throws RoundscopeError `invitation_invalid`, `port_in_use` */
  static async open(start: RelayStart, options: RelayOptions): Promise<Relay> {
    const decoded = decodeInvitation(start.invitation);
    if (!decoded.ok) throw decoded.error;
    const relay = new Relay(options);
    const random = seededRandom(start.seed).fork('network');
    try {
      for (const { participant, conditions } of start.networks) {
        const parts = { participant, clock: options.clock, random: random.fork(participant) };
        const network = new ParticipantNetwork(parts);
        relay.#networks.set(participant, network);
        const endpoints = await network.open(decoded.value.endpoints);
        relay.#routes.push({
          participant,
          invitation: encodeInvitation({ ...decoded.value, endpoints: [...endpoints] }),
        });
        relay.set(participant, conditions);
      }
    } catch (error) {
      await relay[Symbol.asyncDispose]();
      throw error;
    }
    relay.#report();
    return relay;
  }

  /** An invitation for each participant that leads through here. */
  get routes(): readonly { readonly participant: ParticipantId; readonly invitation: string }[] {
    return this.#routes;
  }

  set(participant: ParticipantId, conditions: NetworkConditions): void {
    this.#networkOf(participant).set(conditions);
    const { preset, figures, outage } = conditions;
    const note = networkWords(conditions);
    this.#options.reporter.event('network_changed', { participant, preset, figures, outage, note });
  }

  rebind(participant: ParticipantId): void {
    this.#networkOf(participant).rebind();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#tell();
    await Promise.all([...this.#networks.values()].map((network) => network[Symbol.asyncDispose]()));
  }

  #report(): void {
    this.#timer = this.#options.clock.timer(statsMs, () => {
      this.#tell();
      this.#report();
    });
  }

  #tell(): void {
    for (const network of this.#networks.values()) {
      const stats = network.takeStats();
      if (stats !== null) this.#options.reporter.event('network_stats', stats);
    }
  }

  #networkOf(participant: ParticipantId): ParticipantNetwork {
    const network = this.#networks.get(participant);
    if (network !== undefined) return network;
    throw new RoundscopeError('settings_invalid', {
      layer: 'settings',
      message: `The relay has no way for ${participant}; it has those of ${[...this.#networks.keys()].join(', ')}.`,
    });
  }
}
