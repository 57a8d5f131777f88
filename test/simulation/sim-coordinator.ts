import type { EventData, EventType } from '#shared/contract/events.ts';
import { flattenParameters, viewParameters, matchLayout, type ParameterSet } from '#shared/tensor/parameter-set.ts';
import type { UpdateMeasure } from '#engine/round/aggregation/fedavg.ts';
import { averageOf } from '#engine/round/aggregation/aggregate.ts';
import { parameterMax } from '#engine/round/aggregation/validate-update.ts';
import { checkCoordinator } from '#engine/round/coordinator/invariants.ts';
import { advanceCoordinator, startCoordinator } from '#engine/round/coordinator/machine.ts';
import type {
  CoordinatorEffect,
  CoordinatorInput,
  CoordinatorState,
  UpdateFinding,
} from '#engine/round/coordinator/state.ts';
import type { MachineMessage, RunOutcome, Step } from '#engine/round/machine.ts';
import type { RestoredRun } from '#engine/round/coordinator/restored.ts';
import { ModelCache } from '#engine/round/model-cache.ts';
import {
  emptyRun,
  journalRecordSchema,
  applyRecord,
  type JournaledRun,
} from '#engine/round/coordinator/run-journal.ts';
import type { Hash } from '#shared/contract/ids.ts';
import type { Parcel } from './network.ts';
import type { Scenario } from './scenario.ts';
import type { SimDoor } from './door/sim-door.ts';
import { toyCodec, toyGraph, toyGraphModel, toyInitial, toyLayout, toyModel } from './toy-model.ts';
import type { World } from './world.ts';

/** Makes something else of a step. */
export type Tamper = (step: Step<CoordinatorState, CoordinatorEffect>) => Step<CoordinatorState, CoordinatorEffect>;

export interface SimCoordinatorOptions {
  readonly world: World;
  readonly scenario: Scenario;
  readonly send: (link: number, message: MachineMessage, payload: Uint8Array | undefined) => void;
  readonly closeLink: (link: number, reason: string, code: string) => void;
  /** Absent: whoever dials comes as far as the machine, which has to hold without. */
  readonly door?: SimDoor | undefined;
  readonly onEnd: (outcome: RunOutcome) => void;
  readonly onEvent: <T extends EventType>(type: T, data: EventData<T>) => void;
  readonly onStep: (state: CoordinatorState, wakeAtMs: number) => void;
  /** Its disk: what a former life has left there, and what this one leaves. */
  readonly disk: CoordinatorDisk;
  readonly tamper?: Tamper | undefined;
}

/** What survives a coordinator: records as they are in a journal, models and updates by their hashes. */
export class CoordinatorDisk {
  readonly records: string[] = [];
  readonly parameters = new Map<string, ParameterSet>();

  /** Read as from a file: through JSON and the schema. */
  memory(initialModel: Hash): JournaledRun {
    return this.records
      .map((line) => journalRecordSchema.parse(JSON.parse(line)))
      .reduce(applyRecord, emptyRun(initialModel));
  }
}

/** The real coordinator machine with a driver that knows only virtual time. */
export class SimCoordinator {
  readonly #options: SimCoordinatorOptions;
  readonly #models = new ModelCache(toyCodec);
  #state: CoordinatorState;
  #wakeSerial = 0;
  /** Effects that it still gets done before it dies. */
  #lifeLeft = Infinity;

  constructor(options: SimCoordinatorOptions) {
    this.#options = options;
    const { scenario } = options;
    const { rounds, minimumParticipants, quorum, deadlineMs, registrationDeadlineMs, seed, rule } = scenario;
    const initialModel = this.#models.put(toyInitial(seed));
    this.#models.pin(toyCodec.hash(toyGraph), toyGraph);
    const restored = this.#restored(initialModel);
    const step = startCoordinator(
      {
        settings: {
          name: `simulation ${seed}`,
          rounds,
          minimumParticipants,
          quorum,
          localEpochs: 1,
          batchSize: 8,
          learningRate: 0.1,
          optimizer: 'sgd',
          seed,
          ...rule,
          trainingDeadlineMs: deadlineMs,
          evaluationDeadlineMs: deadlineMs,
          registrationDeadlineMs,
        },
        model: scenario.sendsGraph ? toyGraphModel : toyModel,
        initialModel,
        parameters: 8,
        classes: ['a', 'b'],
        software: 'test',
        baselineAccuracy: 0.5,
        participantsMax: 64,
        admission: scenario.admission?.policy,
      },
      this.#now(),
      restored,
    );
    checkCoordinator(null, step, this.#now());
    this.#state = step.state;
    this.#apply(step);
  }

  get alive(): boolean {
    return this.#lifeLeft > 0;
  }

  /** As SIGKILL would: after some more of its effects, wherever among them that is. */
  killAfter(effects: number): void {
    this.#lifeLeft = effects;
  }

  #restored(initialModel: Hash): RestoredRun | null {
    const { disk } = this.#options;
    if (disk.records.length === 0) return null;
    const memory = disk.memory(initialModel);
    const read = (hash: Hash): ParameterSet => {
      const parameters = disk.parameters.get(hash);
      if (parameters === undefined) throw new Error(`${hash.slice(0, 12)} is not on disk`);
      return parameters;
    };
    for (const hash of [memory.modelBefore, memory.model]) if (hash !== initialModel) this.#models.put(read(hash));
    if (memory.model === initialModel) this.#models.put(toyInitial(this.#options.scenario.seed));
    const hashes = memory.stage === 'training' ? memory.members.flatMap((one) => one.contribution?.hash ?? []) : [];
    return { memory, updates: new Map(hashes.map((hash) => [hash, read(hash)])) };
  }

  get state(): CoordinatorState {
    return this.#state;
  }

  model(): Float32Array {
    return flattenParameters(this.#models.parameters(this.#models.newest));
  }

  feed(input: CoordinatorInput): void {
    if (!this.alive) return;
    const now = this.#now();
    const { tamper = (same) => same } = this.#options;
    const step = tamper(advanceCoordinator(this.#state, input, now));
    checkCoordinator(this.#state, step, now);
    this.#apply(step);
  }

  take(link: number, { header, payload }: Parcel): void {
    const update = header.kind === 'model_update' && payload !== undefined ? check(payload) : undefined;
    if (update?.ok === true && header.payload !== undefined)
      this.#options.disk.parameters.set(header.payload.hash, update.parameters);
    this.feed({ kind: 'message', link, header, update });
  }

  #apply(step: Step<CoordinatorState, CoordinatorEffect>): void {
    this.#state = step.state;
    const serial = ++this.#wakeSerial;
    if (step.wakeAtMs !== Infinity) {
      this.#options.world.after(Math.max(1, step.wakeAtMs - this.#options.world.nowMs), () => {
        if (serial === this.#wakeSerial) this.feed({ kind: 'tick' });
      });
    }
    for (const effect of step.effects) {
      if (!this.alive) return;
      this.#lifeLeft--;
      this.#perform(effect);
    }
    this.#options.onStep(step.state, step.wakeAtMs);
  }

  #perform(effect: CoordinatorEffect): void {
    const { send, closeLink, onEnd, onEvent, world, scenario, door } = this.#options;
    switch (effect.kind) {
      case 'send': {
        const { payload } = this.#models.withPayload(effect.message);
        return send(effect.link, effect.message, payload?.bytes);
      }
      case 'close_link':
        return closeLink(effect.link, effect.reason, effect.code);
      case 'journal':
        return void this.#options.disk.records.push(JSON.stringify(effect.record));
      case 'admission':
        return door?.follow(effect.admission);
      case 'admitted':
        return door?.admitted(effect.link);
      case 'report':
        return onEvent(effect.type, effect.data);
      case 'end':
        return onEnd(effect.outcome);
      case 'aggregate':
        // Some time passes, in which anything may happen.
        return world.after(scenario.random.int(500), () => this.#aggregate(effect));
    }
  }

  #aggregate({ round, base, contributions, rule }: Extract<CoordinatorEffect, { kind: 'aggregate' }>): void {
    const { random, failing } = this.#options.scenario;
    if (failing.aggregations > 0 && random.int(100) < failing.aggregations)
      return this.feed({ kind: 'aggregation_failed', round, reason: 'no memory' });
    const job = averageOf(
      {
        base: flattenParameters(this.#models.parameters(base)),
        updates: contributions.map(({ parameters }) => flattenParameters(parameters)),
        examples: contributions.map(({ examples }) => examples),
      },
      rule,
    );
    while (!job.step(3));
    const { parameters, stepNorm, measures } = job.result();
    if (!this.alive) return;
    const model = this.#models.put(viewParameters(toyLayout, parameters));
    this.#options.disk.parameters.set(model, this.#models.parameters(model));
    const updates = contributions.map(({ participant }, k) => ({ participant, ...(measures[k] as UpdateMeasure) }));
    this.feed({ kind: 'aggregated', round, model, durationMs: 1, stepNorm, updates });
  }

  #now(): { readonly monotonicMs: number; readonly wallMs: number } {
    return { monotonicMs: this.#options.world.nowMs, wallMs: 1.7e12 + this.#options.world.nowMs };
  }
}

function check(payload: Uint8Array): UpdateFinding {
  const decoded = toyCodec.decode(payload);
  if (!decoded.ok) return { ok: false, code: decoded.error.code, reason: decoded.error.message };
  const matched = matchLayout(decoded.value, toyLayout);
  if (!matched.ok) return { ok: false, code: 'update_wrong_shape', reason: matched.error };
  for (const { data } of matched.value) {
    if (!data.every(Number.isFinite)) return { ok: false, code: 'update_not_finite', reason: 'not finite' };
    if (data.some((value) => Math.abs(value) > parameterMax))
      return { ok: false, code: 'update_exploded', reason: 'diverged' };
  }
  return { ok: true, parameters: matched.value };
}
