import type { Clock } from '#shared/base/time/clock.ts';
import { spawn } from '#shared/base/spawn.ts';
import type { AdmissionPolicy } from '#shared/contract/run/admission.ts';
import type { Hash, ParticipantId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import type { MessageHeader } from '#shared/contract/messages.ts';
import type { ModelConfig } from '#shared/contract/run/model-config.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import type { DemoSettings, RunSettings } from '#shared/contract/run/settings.ts';
import type { ParameterSet } from '#shared/tensor/parameter-set.ts';
import type { Coming } from '#engine/link/about-link.ts';
import type { Link } from '#engine/link/link.ts';
import { closeCodeOf } from '#engine/link/run-over.ts';
import { aggregate } from '../aggregation/aggregate.ts';
import { validateUpdate } from '../aggregation/validate-update.ts';
import { endByFault } from './end.ts';
import { checkCoordinator } from './invariants.ts';
import { advanceCoordinator, startCoordinator } from './machine.ts';
import type { AdmissionInput, CoordinatorEffect, CoordinatorInput, CoordinatorState, UpdateFinding } from './state.ts';
import type { MachineMessage, RunOutcome } from '../machine.ts';
import type { AcceptedLink, Departures, LinkSource } from '../link-source.ts';
import { MachineRunner } from '../machine-runner.ts';
import type { RestoredRun } from './restored.ts';
import { updatesOf } from './expected-bulk.ts';
import { CheckedRunStore, type RunStore } from './run-store.ts';
import { ModelCache } from '../model-cache.ts';
import { OutgoingMessages, unsendable } from '../outgoing.ts';
import type { TransferListener } from '../observed-reporter.ts';
import type { ModelStore } from '../model-store.ts';
import type { PayloadCodec } from '../payload-codec.ts';
import { reasonOf, wordsOf } from '../words-of.ts';
import { ToldLanes } from './told-lanes.ts';

export interface CoordinatorOptions {
  readonly settings: RunSettings;
  readonly model: ModelConfig;
  /** The network that participants get, where the model is one from elsewhere. */
  readonly graph?: Uint8Array | undefined;
  readonly initialParameters: ParameterSet;
  readonly links: LinkSource;
  readonly codec: PayloadCodec;
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** Progress of transfers as the links report it; absent: reasons for waiting do without it. */
  readonly transfers?: { onTransfer(listener: TransferListener): Disposable } | undefined;
  /** Lets the event loop serve others between two slices of work, `setImmediate` for instance. */
  readonly yieldToEventLoop: () => Promise<void>;
  /** Participants whose processes have ended for good, as whoever supervises them says; absent: nobody does. */
  readonly gone?: Departures | undefined;
  /** Is given each new global model, and told how its round ended. */
  readonly models?: ModelStore | undefined;
  /** Called once with what begins round 1 with those who are here. */
  readonly onStartable?: ((startNow: () => void) => void) | undefined;
  /** Called once with what tells the run whom its user lets in and sends away. */
  readonly onAdmitting?: ((tell: (input: AdmissionInput) => void) => void) | undefined;
  readonly admission?: AdmissionPolicy | undefined;
  /** Stops the run: everybody is told, links are closed, the outcome is `interrupted`. */
  readonly signal: AbortSignal;
  /** Names of the run's classes, one for each output of the model. */
  readonly classes: readonly string[];
  /** Version of this program, for participants. */
  readonly software: string;
  /** Accuracy of always naming the commonest class; 0 when unknown. */
  readonly baselineAccuracy: number;
  /** `told`: report what participants do as far as it is heard, where they report to nobody here themselves. */
  readonly participantEvents?: 'told' | 'none' | undefined;
  readonly demo?: DemoSettings | undefined;
  readonly self?: ParticipantId | undefined;
  readonly participantsMax?: number | undefined;
  /** Where the run is kept for the case that this process dies; absent: nowhere. */
  readonly store?: RunStore | undefined;
  /** A run to go on with. */
  readonly restored?: (RestoredRun & { readonly models: readonly ParameterSet[] }) | undefined;
}

export interface CoordinatorResult extends RunOutcome {
  readonly modelHash: Hash;
  readonly parameters: ParameterSet;
  /** Status messages that were not sent since a peer had not taken the ones before. */
  readonly statusDropped: number;
}

/** Messages whose arrival says what their receiver can begin with. */
const awaited: ReadonlySet<MachineMessage['kind']> = new Set(['global_model', 'start_training', 'start_evaluation']);

/** State of links is looked at this often; what they say themselves arrives at once. */
const linkPollMs = 250;
/** A peer with this many messages on their way is not sent news that the next news will replace. */
const advisoryBacklogMax = limits.outboxMessagesMax / 4;

/**
 * Serves one run to its end: connects the coordinator machine with links, aggregation, clock and reporter. Resolves when
 * everybody was told how it ended and the links are closed; rejects only on a bug.
 */
export async function runCoordinator(options: CoordinatorOptions): Promise<CoordinatorResult> {
  using run = new CoordinatorRun(options);
  return await run.result;
}

class CoordinatorRun implements Disposable {
  readonly #options: CoordinatorOptions;
  readonly #runner: MachineRunner<CoordinatorState, CoordinatorInput, CoordinatorEffect>;
  readonly #models: ModelCache;
  readonly #store: CheckedRunStore;
  readonly #lanes: ToldLanes | null;
  readonly #links = new Map<number, Link>();
  readonly #coming = new Map<number, Coming>();
  readonly #abort = new AbortController();
  readonly #outgoing = new OutgoingMessages(this.#abort.signal);
  readonly #held = new DisposableStack();
  readonly #settled = Promise.withResolvers<CoordinatorResult>();
  #pollTimer: Disposable | null = null;
  #nextLink = 1;
  #statusDropped = 0;

  constructor(options: CoordinatorOptions) {
    this.#options = options;
    const { clock, settings, model, baselineAccuracy, classes, software, demo, self, codec, signal, admission } =
      options;
    this.#models = new ModelCache(codec);
    const { restored } = options;
    for (const parameters of restored?.models ?? [options.initialParameters]) this.#models.put(parameters);
    const initialModel = this.#models.newest;
    if (model.graph !== undefined && options.graph !== undefined) this.#models.pin(model.graph.hash, options.graph);
    this.#store = new CheckedRunStore(options.store, options.reporter);
    this.#lanes = options.participantEvents === 'told' ? new ToldLanes(options.reporter) : null;
    const participantsMax = options.participantsMax ?? limits.participantsMax;
    const parameters = options.initialParameters.reduce((sum, { data }) => sum + data.length, 0);
    this.#runner = new MachineRunner<CoordinatorState, CoordinatorInput, CoordinatorEffect>({
      clock,
      start: (now) =>
        startCoordinator(
          {
            settings,
            model,
            initialModel,
            parameters,
            classes,
            baselineAccuracy,
            software,
            participantsMax,
            demo,
            self,
            admission,
          },
          now,
          restored ?? null,
        ),
      advance: advanceCoordinator,
      check: checkCoordinator,
      fail: endByFault,
      perform: (effect) => this.#perform(effect),
      tick: { kind: 'tick' },
      eventLoopStall: (ms) => ({ kind: 'event_loop_stall', ms }),
    });
    this.#held.use(this.#runner);
    this.#runner.start();
    const stop = (): void => this.#feed({ kind: 'stop', reason: reasonOf(signal.reason, 'stopped') });
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    this.#held.defer(() => signal.removeEventListener('abort', stop));
    this.#held.use(options.links.onLink((accepted) => this.#attach(accepted)));
    if (options.transfers !== undefined) {
      this.#held.use(
        options.transfers.onTransfer(({ kind: of, ...transfer }) => {
          if (transfer.direction === 'up') this.#lanes?.transfer(transfer.participant, of, transfer.round);
          this.#feed({ kind: 'transfer', of, ...transfer });
        }),
      );
    }
    if (options.gone !== undefined)
      this.#held.use(options.gone.onGone((participant, reason) => this.#feed({ kind: 'gone', participant, reason })));
    this.#pollLinks();
    options.onStartable?.(() => this.#feed({ kind: 'start_now' }));
    options.onAdmitting?.((input) => this.#feed(input));
  }

  get result(): Promise<CoordinatorResult> {
    return this.#settled.promise;
  }

  [Symbol.dispose](): void {
    this.#abort.abort(new DOMException('the run is over', 'AbortError'));
    this.#pollTimer?.[Symbol.dispose]();
    this.#held.dispose();
  }

  #feed(input: CoordinatorInput): void {
    try {
      this.#runner.feed(input);
    } catch (error) {
      this.#settled.reject(error);
    }
  }

  /** What was wanted cannot be done: the run ends with that, told to everybody. */
  #fail(error: unknown): void {
    try {
      this.#runner.failed(error);
    } catch (worse) {
      this.#settled.reject(worse);
    }
  }

  #attach({ link, address, ...about }: AcceptedLink): void {
    const number = this.#nextLink++;
    this.#links.set(number, link);
    if (about.asks === undefined) {
      this.#coming.set(number, about);
      this.#feedLink(number, link, { address, terms: about.terms, owns: about.owns });
    } else this.#feed({ kind: 'looked', link: number, ...about });
    link.unreadable.listen(({ kind, ...what }) => {
      if (kind === 'model_update') this.#feed({ kind: 'unreadable_update', link: number, ...what });
    });
    this.#read(number, link).then(
      () => this.#closed(number, link),
      (error: unknown) => this.#fail(error),
    );
  }

  #feedLink(number: number, link: Link, from: Pick<Coming, 'terms' | 'owns'> & { readonly address: string }): void {
    const { protocol, stack, peerKey } = link.status;
    this.#feed({ kind: 'link_opened', link: number, participant: link.participant, ...from, protocol, stack, peerKey });
    this.#feedLinkState(number, link);
  }

  /** One link's messages, one after another: while a large update is looked at, others are served. */
  async #read(number: number, link: Link): Promise<void> {
    for await (const { header, payload } of link.messages()) {
      const update = header.kind === 'model_update' && payload !== undefined ? await this.#check(payload) : undefined;
      const kept = update?.ok === true ? await this.#keepUpdate(header, payload) : null;
      if (header.sender === link.participant) this.#lanes?.heard(link.participant, header);
      this.#feed({ kind: 'message', link: number, header, update });
      if (kept !== null && !this.#counts(kept)) await this.#store.forgetUpdate(kept);
    }
  }

  /** Its bytes are on disk before the machine can count it, unless it can not count anyway. */
  async #keepUpdate(header: MessageHeader, payload: Uint8Array | undefined): Promise<Hash | null> {
    const state = this.#runner.state;
    const member = state?.members.get(header.sender);
    const hash = header.payload?.hash;
    if (hash === undefined || payload === undefined || header.round !== state?.round) return null;
    if (member === undefined || member.contribution !== null || this.#counts(hash)) return null;
    await this.#store.keepUpdate(hash, payload);
    return hash;
  }

  #counts(hash: Hash): boolean {
    return [...(this.#runner.state?.members.values() ?? [])].some(({ contribution }) => contribution?.hash === hash);
  }

  async #check(payload: Uint8Array): Promise<UpdateFinding> {
    const { codec, yieldToEventLoop, initialParameters } = this.#options;
    try {
      const decoded = codec.decode(payload);
      if (!decoded.ok) return { ok: false, code: decoded.error.code, reason: decoded.error.message };
      return await validateUpdate(decoded.value, initialParameters, yieldToEventLoop);
    } catch (error) {
      // Its sender hears why, and the others' updates are checked on their own.
      return { ok: false, code: 'internal', reason: `the update could not be looked at: ${wordsOf(error)}` };
    }
  }

  async #closed(number: number, link: Link): Promise<void> {
    const { reason, code, local } = await link.closed;
    this.#links.delete(number);
    this.#coming.delete(number);
    this.#feed({ kind: 'link_closed', link: number, reason: reason === '' ? code : reason, clean: !local });
  }

  #pollLinks(): void {
    for (const [number, link] of this.#links) this.#feedLinkState(number, link);
    this.#pollTimer = this.#options.clock.timer(linkPollMs, () => this.#pollLinks());
  }

  #feedLinkState(number: number, { status }: Link): void {
    const { state, reason, protocol, stack, connections, lastHeardMs, unacknowledged, obstacle } = status;
    this.#feed({
      kind: 'link_state',
      link: number,
      state,
      reason,
      protocol,
      stack,
      connections,
      lastHeardMs,
      unacknowledged,
      obstacle,
    });
  }

  #perform(effect: CoordinatorEffect): void {
    switch (effect.kind) {
      case 'send':
        return spawn('sending a message', this.#send(effect.link, effect.message));
      case 'admitted':
        return this.#coming.get(effect.link)?.admit();
      case 'close_link': {
        const link = this.#links.get(effect.link);
        if (effect.cut === true) this.#coming.get(effect.link)?.cut(effect.reason);
        if (link !== undefined) spawn('closing a link', link.close(effect.code, effect.reason));
        return;
      }
      case 'aggregate':
        return spawn('aggregating the updates', this.#aggregate(effect));
      case 'journal':
        return this.#store.journal(effect.record);
      case 'admission':
        return this.#options.links.follow?.(effect.admission);
      case 'report':
        this.#options.reporter.event(effect.type, effect.data);
        if (effect.type === 'round_ended') {
          const { round, accuracy, modelAfter: hash } = effect.data;
          this.#options.models?.evaluated({ round, accuracy, hash });
        }
        if (effect.type === 'participant_left') this.#lanes?.left(effect.data.participant);
        return;
      case 'end':
        this.#end(effect.outcome).catch((error: unknown) => this.#settled.reject(error));
    }
  }

  async #send(number: number, message: MachineMessage): Promise<void> {
    const link = this.#links.get(number);
    if (link === undefined) return;
    if (message.kind === 'round_status' && link.status.unacknowledged >= advisoryBacklogMax) {
      this.#statusDropped++;
      return;
    }
    // Whoever hears that it takes part may send updates from then on, and nobody else may.
    if (message.kind === 'welcome') {
      const { codec, initialParameters } = this.#options;
      link.expect(updatesOf(codec, initialParameters));
    }
    this.#lanes?.sent(link.participant, message);
    try {
      const sent = await this.#outgoing.send(link, this.#models.withPayload(message));
      if (sent === null || !awaited.has(message.kind)) return;
      const acknowledged = await sent.acknowledged.then(
        () => true,
        // The link was closed before.
        () => false,
      );
      if (!acknowledged) return;
      this.#lanes?.delivered(link.participant, message.kind, message.round);
      if (message.kind !== 'start_evaluation')
        this.#feed({ kind: 'delivered', link: number, message: message.kind, round: message.round });
    } catch (error) {
      // News that the next news replaces is not worth a run.
      if (message.kind === 'round_status') this.#statusDropped++;
      else this.#fail(unsendable(message, link, error));
    }
  }

  async #aggregate({
    round,
    base,
    contributions,
    rule,
  }: Extract<CoordinatorEffect, { kind: 'aggregate' }>): Promise<void> {
    const { clock, yieldToEventLoop } = this.#options;
    const startedMs = clock.monotonicMs();
    try {
      const { parameters, stepNorm, measures } = await aggregate(
        this.#models.parameters(base),
        contributions,
        rule,
        yieldToEventLoop,
      );
      const model = this.#models.put(parameters);
      this.#options.models?.arrived(model, parameters);
      await this.#store.keepModel(model, this.#models.bytes(model));
      const updates = measures.flatMap((measure, k) => {
        const participant = contributions[k]?.participant;
        return participant === undefined ? [] : [{ participant, ...measure }];
      });
      this.#feed({ kind: 'aggregated', round, model, durationMs: clock.monotonicMs() - startedMs, stepNorm, updates });
    } catch (error) {
      this.#feed({ kind: 'aggregation_failed', round, reason: wordsOf(error) });
    }
  }

  async #end(outcome: RunOutcome): Promise<void> {
    const code = closeCodeOf(outcome.status);
    await this.#outgoing.flush(this.#options.clock);
    // What is in the outboxes goes out while links close, each within its own time limit.
    await Promise.allSettled([...this.#links.values()].map((link) => link.close(code, outcome.reason)));
    const modelHash = this.#models.newest;
    this.#settled.resolve({
      ...outcome,
      modelHash,
      parameters: this.#models.parameters(modelHash),
      statusDropped: this.#statusDropped,
    });
  }
}
