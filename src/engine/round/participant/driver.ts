import { RoundscopeError, toErrorReport, type ErrorCode } from '#shared/base/errors.ts';
import { durationText } from '#shared/base/text/duration.ts';
import { spawn } from '#shared/base/spawn.ts';
import { timing } from '#shared/contract/limits.ts';
import type { Hash } from '#shared/contract/ids.ts';
import type { BodyOf, DataSummary, MessageHeader, RunPlanBody, RunStatus } from '#shared/contract/messages.ts';
import type { GraphReference } from '#shared/contract/run/model-config.ts';
import { matchLayout, type ParameterLayout, type ParameterSet } from '#shared/tensor/parameter-set.ts';
import { isOpen } from '#shared/contract/events.ts';
import type { LinkEnd } from '#engine/link/link.ts';
import { closeCodeOf, statusOfCloseCode } from '#engine/link/run-over.ts';
import type { MachineMessage, RunOutcome } from '../machine.ts';
import { MachineRunner } from '../machine-runner.ts';
import { ModelCache } from '../model-cache.ts';
import { OutgoingMessages } from '../outgoing.ts';
import { endByFault } from './entry.ts';
import { checkParticipant } from './invariants.ts';
import { advanceParticipant, startParticipant } from './machine.ts';
import { RoundMirror } from './mirror.ts';
import { graphOf, modelsOf } from '../coordinator/expected-bulk.ts';
import { checkPlan } from './check-plan.ts';
import { ArrivingGraph } from './arriving-graph.ts';
import type { ParticipantOptions } from './options.ts';
import type { ModelFinding, ParticipantEffect, ParticipantInput, ParticipantState } from './state.ts';
import { withoutPaths } from '../telling.ts';
import { tensorsTold } from './tensors-told.ts';
import { reasonOf, wordsOf } from '../words-of.ts';
import type { TrainingJob, TrainingOutcome } from '../trainer-port.ts';

/** A coordinator tells its plan first thing; who hears none for so long on an open link is told so. */
const planPatienceMs = 30_000;
const planPollMs = 1_000;
/** For a coordinator that welcomes whoever has not registered. */
const nothingLoaded: DataSummary = {
  source: '',
  examples: 0,
  heldOut: 0,
  shape: [],
  classes: [],
  classCounts: [],
  skipped: 0,
};

/**
 * Takes part in one run to its end: connects the participant machine with its link, trainer, clock and reporter. Resolves
 * with how the run ended, once the link is closed; rejects only on a bug.
 */
export async function runParticipant(options: ParticipantOptions): Promise<RunOutcome> {
  using run = new ParticipantRun(options);
  return await run.result;
}

class ParticipantRun implements Disposable {
  readonly #options: ParticipantOptions;
  readonly #runner: MachineRunner<ParticipantState, ParticipantInput, ParticipantEffect>;
  readonly #updates: ModelCache;
  readonly #abort = new AbortController();
  readonly #outgoing = new OutgoingMessages(this.#abort.signal);
  readonly #held = new DisposableStack();
  readonly #settled = Promise.withResolvers<RunOutcome>();
  readonly #graph: ArrivingGraph;
  /** Of the run's model, once that has been looked at. */
  #layout: ParameterLayout | null = null;
  #planTimer: Disposable | null = null;
  /** The latest job of training; settles with it, however it ends. */
  #training: Promise<void> = Promise.resolve();
  #work: { readonly job: number; readonly abort: AbortController } | null = null;

  constructor(options: ParticipantOptions) {
    this.#options = options;
    const { clock, link, key, signal, telling, trainerDescription: trainer } = options;
    this.#updates = new ModelCache(options.codec);
    this.#graph = new ArrivingGraph({ ...options, signal: this.#abort.signal });
    const { kept } = options;
    if (kept !== undefined) this.#updates.putBytes(kept.update.hash, kept.bytes);
    const heldUpdate = kept === undefined ? undefined : { ...kept.update, sizeBytes: kept.bytes.byteLength };
    const config = { name: link.participant, key, trainer, telling, kept: heldUpdate };
    this.#runner = new MachineRunner<ParticipantState, ParticipantInput, ParticipantEffect>({
      clock,
      start: (now) => startParticipant(config, now),
      advance: advanceParticipant,
      check: checkParticipant,
      fail: endByFault,
      perform: (effect) => this.#perform(effect),
      tick: { kind: 'tick' },
    });
    this.#held.use(this.#runner);
    this.#runner.start();
    const stop = (): void => this.#feed({ kind: 'stop', reason: reasonOf(signal.reason, 'left') });
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    this.#held.defer(() => signal.removeEventListener('abort', stop));
    if (options.transfers !== undefined) {
      this.#held.use(
        options.transfers.onTransfer(({ kind: of, round, direction }) =>
          this.#feed({ kind: 'transfer', of, round, direction }),
        ),
      );
    }
    this.#held.use(link.onReset(() => this.#feed({ kind: 'link_reset' })));
    this.#held.use(
      link.unreadable.listen(({ kind, code, reason: why }) => {
        if (kind === 'run_plan') this.#feed({ kind: 'unreadable_plan', code, reason: why });
        if (kind === 'model_graph') this.#graph.unusable(code, why);
      }),
    );
    this.#read().catch((error: unknown) => this.#fail(error));
    this.#awaitPlan(0);
    options.onPausable?.((on, pauseReason) => this.#feed({ kind: 'pause', on, reason: pauseReason }));
  }

  get result(): Promise<RunOutcome> {
    return this.#settled.promise;
  }

  [Symbol.dispose](): void {
    this.#work?.abort.abort(new DOMException('the run is over', 'AbortError'));
    this.#abort.abort(new DOMException('the run is over', 'AbortError'));
    this.#planTimer?.[Symbol.dispose]();
    this.#held.dispose();
  }

  #feed(input: ParticipantInput): void {
    try {
      this.#runner.feed(input);
    } catch (error) {
      this.#settled.reject(error);
    }
  }

  /** What was wanted cannot be done: the run ends here with that, and the coordinator is told. */
  #fail(error: unknown): void {
    try {
      this.#runner.failed(error);
    } catch (worse) {
      this.#settled.reject(worse);
    }
  }

  async #read(): Promise<void> {
    const { link, reporter, coordinatorEvents, key, trainerDescription: trainer } = this.#options;
    const data = (): DataSummary => this.#runner.state?.data ?? nothingLoaded;
    const own = { participant: link.participant, key, data, trainer, session: () => link.status };
    const mirror = coordinatorEvents === 'mirror' ? new RoundMirror(own) : null;
    for await (const { header, payload } of link.messages()) {
      for (const { type, data } of mirror?.eventsOf(header) ?? []) reporter.event(type, data);
      const model = header.kind === 'global_model' && payload !== undefined ? this.#decode(payload) : undefined;
      this.#tellModels(header, model);
      if (header.kind === 'model_graph') this.#graph.arrived(header, payload);
      this.#feed({ kind: 'message', header, model });
    }
    const end = await link.closed;
    const reason = end.reason === '' ? end.code : end.reason;
    const status = statusOf(end);
    // What is being computed is worth keeping for the next join, though nobody is there to take it now.
    if (status === 'unreachable' && this.#options.updates !== undefined) await this.#training;
    const { pending = null } = this.#options.updates ?? {};
    const kept = `; your update of round ${pending?.round ?? 0} is kept and is sent when you join again`;
    this.#feed({
      kind: 'link_closed',
      reason: status === 'unreachable' && pending !== null ? `${reason}${kept}` : reason,
      status,
      code: end.code,
    });
  }

  #tellModels(header: MessageHeader, model: ModelFinding | undefined): void {
    const { models } = this.#options;
    if (model?.ok === true && header.payload !== undefined) models?.arrived(header.payload.hash, model.tensors);
    if (header.kind !== 'round_summary') return;
    const { accuracy, modelAfter: hash } = header.body;
    models?.evaluated({ round: header.round, accuracy, hash });
  }

  /** Only time counts in which the coordinator could have told: a link that is dialed has its own patience. */
  #awaitPlan(waitedMs: number): void {
    if (this.#runner.state?.plan !== null) return;
    if (waitedMs >= planPatienceMs) return this.#feed({ kind: 'no_plan', waitedMs });
    const { link, clock } = this.#options;
    const openMs = isOpen(link.status.state) ? planPollMs : 0;
    this.#planTimer = clock.timer(planPollMs, () => this.#awaitPlan(waitedMs + openMs));
  }

  #decode(payload: Uint8Array): ModelFinding {
    try {
      const decoded = this.#options.codec.decode(payload);
      return decoded.ok
        ? { ok: true, tensors: decoded.value }
        : { ok: false, code: decoded.error.code, reason: decoded.error.message };
    } catch (error) {
      return { ok: false, code: 'internal', reason: wordsOf(error) };
    }
  }

  #perform(effect: ParticipantEffect): void {
    switch (effect.kind) {
      case 'send':
        return spawn('sending a message', this.#send(effect.message));
      case 'train':
        this.#training = this.#begin(effect, (parameters, signal) => this.#train(effect, parameters, signal));
        return;
      case 'evaluate':
        return spawn(
          'evaluating the model',
          this.#begin(effect, (parameters, signal) => this.#evaluate(effect, parameters, signal)),
        );
      case 'hold_work':
        return this.#options.trainer.hold?.(effect.on);
      case 'abort_work':
        if (this.#work?.job === effect.job) this.#work.abort.abort(new DOMException(effect.reason, 'AbortError'));
        return;
      case 'prepare':
        return spawn('preparing the data', this.#prepare(effect.plan));
      case 'withdraw_updates':
        return this.#withdraw(effect.last);
      case 'forget_update':
        return spawn('forgetting an update', this.#forget(effect.hash));
      case 'report':
        return this.#options.reporter.event(effect.type, effect.data);
      case 'end':
        this.#end(effect.outcome).catch((error: unknown) => this.#settled.reject(error));
    }
  }

  async #send(message: MachineMessage): Promise<void> {
    try {
      await this.#outgoing.send(this.#options.link, this.#updates.withPayload(message));
    } catch (error) {
      this.#fail(new Error(`${message.kind} cannot be sent to the coordinator: ${wordsOf(error)}`, { cause: error }));
    }
  }

  async #prepare(plan: RunPlanBody): Promise<void> {
    const { approve, fitData, layoutOf, link, codec } = this.#options;
    const { signal } = this.#abort;
    const { graph } = plan.model;
    try {
      approve?.(plan);
      const layout = graph === undefined ? layoutOf(plan.model) : await this.#openGraph(plan, graph);
      this.#layout = layout;
      checkPlan(plan, layout);
      link.expect(modelsOf(codec, layout));
      this.#feed({ kind: 'prepared', loaded: await fitData(plan, { signal }) });
    } catch (error) {
      if (signal.aborted) return;
      this.#feed({ kind: 'misfit', error: toErrorReport(error) });
    }
  }

  /** Nothing of the network is believed before it has been read: neither that it is what was announced, nor what it is. */
  async #openGraph(plan: RunPlanBody, graph: GraphReference): Promise<ParameterLayout> {
    const { openGraph, link } = this.#options;
    if (openGraph === undefined)
      throw new RoundscopeError('model_invalid', {
        layer: 'round',
        message: 'This participant trains lists of layers alone, and the run has a network of its own.',
      });
    const { signal } = this.#abort;
    const found = await this.#graph.find(graph);
    signal.throwIfAborted();
    if (found !== null) return await openGraph(plan, found, { signal });
    link.expect(graphOf(graph));
    const file = await this.#graph.arrival(graph, () => this.#feed({ kind: 'graph_missing' }));
    const layout = await openGraph(plan, file, { signal });
    await this.#graph.keep(graph.hash, file);
    return layout;
  }

  #withdraw(last: number): void {
    const useless = ({ kind, round }: MessageHeader): boolean => kind === 'model_update' && round <= last;
    for (const { round, payload } of this.#options.link.withdraw(useless, 'its round is over')) {
      const reason = `round ${round} was over before all of it was sent`;
      if (payload !== undefined) this.#feed({ kind: 'withdrawn', round, hash: payload.hash, reason });
    }
  }

  async #forget(hash: Hash): Promise<void> {
    try {
      await this.#options.updates?.forget(hash);
    } catch (error) {
      // It would be offered again by the next process, and checked as one that was counted already.
      const text = `An update that has been checked could not be removed: ${wordsOf(error)}`.slice(0, 1000);
      this.#options.reporter.event('notice', { level: 'warning', text, error: toErrorReport(error) });
    }
  }

  /** Runs one job; whatever goes wrong in it is an answer to the coordinator, not the end of the run. */
  async #begin(
    effect: WorkEffect,
    work: (parameters: ParameterSet, signal: AbortSignal) => Promise<ParticipantInput>,
  ): Promise<void> {
    const abort = new AbortController();
    const { job } = effect;
    this.#work = { job, abort };
    try {
      const layout = this.#layout ?? this.#options.layoutOf(effect.config.model);
      const matched = matchLayout(effect.model.tensors, layout);
      if (!matched.ok)
        throw new RoundscopeError('model_invalid', {
          layer: 'round',
          message: `the global model does not fit its description: ${matched.error}`,
        });
      this.#feed(await work(matched.value, abort.signal));
    } catch (error) {
      if (abort.signal.aborted) return;
      const code: ErrorCode = error instanceof RoundscopeError ? error.code : 'training_failed';
      this.#feed({ kind: 'work_failed', job, code, reason: wordsOf(error) });
    }
  }

  async #train(
    { job, round, config, model: global }: WorkEffect,
    parameters: ParameterSet,
    signal: AbortSignal,
  ): Promise<ParticipantInput> {
    const { model, localEpochs, batchSize, learningRate, optimizer, seed } = config;
    const onProgress = (progress: BodyOf<'training_progress'>): void => this.#feed({ kind: 'progress', job, progress });
    const asked = { round, model, parameters, localEpochs, batchSize, learningRate, optimizer, seed };
    const result = await this.#trainInTime(asked, signal, onProgress);
    signal.throwIfAborted();
    const { examples, loss, accuracy, durationMs: trainMs, updateNorm: norm } = result;
    const hash = this.#updates.put(result.parameters);
    const measures = { examples, loss, accuracy, trainMs, norm };
    const bytes = this.#updates.bytes(hash);
    const told = tensorsTold(parameters, result.parameters);
    this.#options.reporter.event('update_tensors', {
      participant: this.#options.link.participant,
      round,
      contribution: hash,
      ...told,
    });
    await this.#options.updates?.keep({ round, hash, body: { ...measures, base: global.hash } }, bytes);
    signal.throwIfAborted();
    return { kind: 'trained', job, hash, sizeBytes: bytes.byteLength, result: measures };
  }

  /** However much a coordinator asks for, and however slow this machine is. */
  async #trainInTime(
    job: TrainingJob,
    signal: AbortSignal,
    onProgress: (progress: BodyOf<'training_progress'>) => void,
  ): Promise<TrainingOutcome> {
    const { clock, trainer, trainingMaxMs = timing.trainingMaxMs } = this.#options;
    using limit = clock.deadline(trainingMaxMs, signal);
    try {
      return await trainer.train(job, { signal: limit, onProgress });
    } catch (error) {
      if (!limit.aborted || signal.aborted) throw error;
      const message = `training for round ${job.round} took longer than ${durationText(trainingMaxMs)} and was ended`;
      throw new RoundscopeError('training_failed', { layer: 'round', message, cause: error });
    }
  }

  async #evaluate(
    { job, round, config }: WorkEffect,
    parameters: ParameterSet,
    signal: AbortSignal,
  ): Promise<ParticipantInput> {
    const { loss, accuracy, examples, confusion } = await this.#options.trainer.evaluate(
      { round, model: config.model, parameters },
      { signal },
    );
    const told = confusion === undefined ? {} : { confusion };
    return { kind: 'evaluated', job, result: { loss, accuracy, examples, ...told } };
  }

  async #end(outcome: RunOutcome): Promise<void> {
    await this.#outgoing.flush(this.#options.clock);
    // What is wrong with somebody's data is told on their own machine: its names and paths are nobody else's business.
    const reason = outcome.error?.layer === 'data' ? 'its data does not fit this run' : withoutPaths(outcome.reason);
    await this.#options.link.close(closeCodeOf(outcome.status), reason);
    this.#settled.resolve(outcome);
  }
}

type WorkEffect = Extract<ParticipantEffect, { kind: 'train' | 'evaluate' }>;

/** What the end of a link says of the run; undefined: nothing. */
function statusOf({ code, local, status }: LinkEnd): RunStatus | undefined {
  if (status !== undefined) return status;
  if (code === 'coordinator_gone') return 'unreachable';
  return local ? undefined : statusOfCloseCode(code);
}
