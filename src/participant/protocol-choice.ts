import type { Clock } from '#shared/base/time/clock.ts';
import type { EventData, EventType } from '#shared/contract/events.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import { protocolNames, type Protocol } from '#shared/contract/protocols.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import type { Choice, LinkConditions, SelectionTable } from '#shared/contract/run/selection.ts';
import type { LinkObserver } from '#engine/selection/link-observer.ts';
import type { Selector } from '#engine/selection/selector.ts';
import { ChosenRoute, type Route } from '#engine/transport/registry.ts';

/**
 * A change of protocol costs a session, and three sessions within ten seconds look like a connection per message; so a
 * choice stands for this long at least.
 */
const changePauseMs = 6_000;
/** Of a model that has not been seen yet. */
const payloadGuessBytes = 1e6;

export interface ProtocolChoiceOptions {
  readonly participant: ParticipantId;
  readonly selector: Selector;
  readonly observer: LinkObserver;
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** What was learned so far is worth keeping. */
  readonly keep: (table: SelectionTable) => void;
}

/**
 * Which protocol this participant's link takes: asked before each session is opened, and again after each update that it
 * has sent. Learns from how dials and updates went, and says each choice with its reason.
 * Decision 0056.
 */
export class ProtocolChoice implements Route {
  readonly #options: ProtocolChoiceOptions;
  readonly #route = new ChosenRoute((offered) => this.#choose(offered));
  #offered: readonly Protocol[] = [];
  #payloadBytes = payloadGuessBytes;
  /** What was chosen last, and the conditions then. */
  #made: { readonly choice: Choice; readonly conditions: LinkConditions } | null = null;
  /** Chosen between rounds, to be taken by the session that is opened next. */
  #pending = false;
  #inUse: Protocol | null = null;
  #tryingSinceMs = 0;
  #changedAtMs = Number.NEGATIVE_INFINITY;
  /** Why the choice could not be had. */
  #failure: string | null = null;

  constructor(options: ProtocolChoiceOptions) {
    this.#options = options;
  }

  order(offered: readonly Protocol[]): readonly Protocol[] {
    this.#offered = offered;
    this.#tryingSinceMs = this.#options.clock.monotonicMs();
    return this.#route.order(offered);
  }

  failed(protocol: Protocol, reason: string): void {
    this.#route.failed(protocol);
    this.#failure ??= reason;
    const nowMs = this.#options.clock.monotonicMs();
    this.#learn(protocol, { succeeded: false, seconds: (nowMs - this.#tryingSinceMs) / 1000, bytes: 0 });
    this.#tryingSinceMs = nowMs;
  }

  opened(protocol: Protocol): void {
    this.#route.opened(protocol);
    const made = this.#made;
    if (made !== null && protocol !== made.choice.protocol) {
      const why = this.#failure ?? 'it has failed of late';
      const reason = `${protocolNames[protocol]}: ${protocolNames[made.choice.protocol]} was chosen and could not be had (${why})`;
      const choice = { ...made.choice, protocol, reason: reason.slice(0, 1000), explored: false };
      this.#made = { ...made, choice };
      this.#tell(choice);
    }
    this.#failure = null;
    this.#inUse = protocol;
    this.#options.selector.opened(protocol);
    this.#changedAtMs = this.#options.clock.monotonicMs();
  }

  /** An update got through, or the session broke meanwhile. Returns what is to be dialed in place of this one, and why. */
  sent(
    protocol: Protocol,
    outcome: { readonly succeeded: boolean; readonly seconds: number; readonly bytes: number },
  ): Choice | null {
    this.#payloadBytes = outcome.bytes;
    if (outcome.succeeded) this.#options.observer.transferred(protocol, outcome.bytes, outcome.seconds);
    this.#learn(protocol, outcome);
    const table = this.#options.selector.save();
    if (table !== null) this.#options.keep(table);
    if (this.#options.clock.monotonicMs() - this.#changedAtMs < changePauseMs || this.#offered.length < 2) return null;
    const wanted = this.#make(this.#offered);
    this.#pending = wanted.protocol !== this.#inUse;
    return this.#pending ? wanted : null;
  }

  #choose(offered: readonly Protocol[]): Protocol {
    if (this.#pending && this.#made !== null) {
      this.#pending = false;
      return this.#made.choice.protocol;
    }
    return this.#make(offered).protocol;
  }

  #make(offered: readonly Protocol[]): Choice {
    const conditions = this.#options.observer.conditions(this.#payloadBytes);
    const choice = this.#options.selector.choose(conditions, offered);
    this.#made = { choice, conditions };
    this.#tell(choice);
    return choice;
  }

  #learn(
    protocol: Protocol,
    outcome: { readonly succeeded: boolean; readonly seconds: number; readonly bytes: number },
  ): void {
    if (this.#made === null) return;
    const { choice, conditions } = this.#made;
    const bytes = outcome.bytes === 0 ? conditions.payloadBytes : outcome.bytes;
    this.#options.selector.learn({
      ...outcome,
      choice: { ...choice, protocol },
      conditions: { ...this.#options.observer.conditions(bytes), bandwidthBytesPerS: conditions.bandwidthBytesPerS },
      cpuSeconds: null,
    });
  }

  #tell(choice: Choice): void {
    const { participant, reporter } = this.#options;
    reporter.event('transport_chosen', { participant, ...choice, expected: [...choice.expected] });
  }
}

/** Passes on what a link reports, and lets the observer see what it tells of the network. */
export function observedLink(reporter: Reporter, observer: LinkObserver): Reporter {
  return {
    event<T extends EventType>(type: T, data: EventData<T>): void {
      if (type === 'link_stats') observer.stats(data as EventData<'link_stats'>);
      if (type === 'link_state') observer.state(data as EventData<'link_state'>);
      reporter.event(type, data);
    },
    packet: (packet) => reporter.packet(packet),
  };
}
