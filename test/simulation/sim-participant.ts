import assert from 'node:assert/strict';
import { matchLayout, type ParameterSet } from '#shared/tensor/parameter-set.ts';
import { float32Tensor } from '#shared/tensor/tensor.ts';
import type { Random } from '#shared/base/random.ts';
import type { RunPlanBody } from '#shared/contract/messages.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import type { MachineMessage, RunOutcome } from '#engine/round/machine.ts';
import { ModelCache } from '#engine/round/model-cache.ts';
import { checkParticipant } from '#engine/round/participant/invariants.ts';
import { advanceParticipant, startParticipant } from '#engine/round/participant/machine.ts';
import type {
  ComputedUpdate,
  ParticipantEffect,
  ParticipantInput,
  ParticipantState,
} from '#engine/round/participant/state.ts';
import type { Parcel } from './network.ts';
import { keyOf, nameOf, type ParticipantPlan } from './scenario.ts';
import { toyCodec, toyLayout, toyLoaded, toyTrain } from './toy-model.ts';
import type { World } from './world.ts';

export interface SimParticipantOptions {
  readonly world: World;
  readonly random: Random;
  readonly plan: ParticipantPlan;
  /** Trainings may fail. */
  readonly failures: boolean;
  /** Evaluations that fail, of a hundred. */
  readonly failingEvaluations: number;
  readonly send: (message: MachineMessage, payload: Uint8Array | undefined) => void;
  readonly onEnd: (outcome: RunOutcome) => void;
  /** Ground truth: what was trained, by the hash of its bytes. */
  readonly onTrained: (hash: string, parameters: Float32Array, examples: number) => void;
  /** Its disk: the newest update that the coordinator has not checked. */
  readonly disk: ParticipantDisk;
}

export interface ParticipantDisk {
  kept: { readonly update: ComputedUpdate; readonly parameters: ParameterSet } | null;
}

type Work = Extract<ParticipantEffect, { kind: 'train' | 'evaluate' }>;

/** The real participant machine with a driver that knows only virtual time. One incarnation: a restart makes a new one. */
export class SimParticipant {
  readonly #options: SimParticipantOptions;
  readonly #models = new ModelCache(toyCodec);
  #state: ParticipantState;
  #frozen = false;
  /** By its user's wish. */
  #held = false;
  #dead = false;
  /** What waits for the network of the run. */
  #graphWanted: RunPlanBody | null = null;
  #poisoned = false;
  #stuck: Work[] = [];

  constructor(options: SimParticipantOptions) {
    this.#options = options;
    const { plan } = options;
    const { kept } = options.disk;
    const held =
      kept === null
        ? undefined
        : { ...kept.update, sizeBytes: this.#models.bytes(this.#models.put(kept.parameters)).byteLength };
    const step = startParticipant(
      { name: nameOf(plan) as ParticipantId, key: keyOf(plan), trainer: 'toy', kept: held },
      this.#now(),
    );
    this.#state = step.state;
    for (const effect of step.effects) this.#perform(effect);
  }

  get state(): ParticipantState {
    return this.#state;
  }

  get alive(): boolean {
    return !this.#dead && this.#state.outcome === null;
  }

  kill(): void {
    this.#dead = true;
  }

  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    this.#frozen = false;
    this.#goOn();
  }

  get #still(): boolean {
    return this.#frozen || this.#held;
  }

  #goOn(): void {
    if (!this.#still) for (const work of this.#stuck.splice(0)) this.#begin(work);
  }

  /** The next training ends with NaN in the model, as it does at too high a learning rate. */
  poison(): void {
    this.#poisoned = true;
  }

  feed(input: ParticipantInput): void {
    if (this.#dead) return;
    const step = advanceParticipant(this.#state, input, this.#now());
    checkParticipant(this.#state, step);
    this.#state = step.state;
    for (const effect of step.effects) this.#perform(effect);
  }

  take({ header, payload }: Parcel): void {
    if (header.kind === 'model_graph') {
      const wanted = this.#graphWanted;
      assert.equal(toyCodec.hash(payload ?? new Uint8Array(0)), wanted?.model.graph?.hash ?? header.payload?.hash);
      this.feed({ kind: 'message', header });
      this.#graphWanted = null;
      return wanted === null ? undefined : this.#fit(wanted);
    }
    if (header.kind !== 'global_model' || payload === undefined) return this.feed({ kind: 'message', header });
    const decoded = toyCodec.decode(payload);
    this.feed({
      kind: 'message',
      header,
      model: decoded.ok
        ? { ok: true, tensors: decoded.value }
        : { ok: false, code: decoded.error.code, reason: decoded.error.message },
    });
  }

  #perform(effect: ParticipantEffect): void {
    switch (effect.kind) {
      case 'send': {
        const { payload } = this.#models.withPayload(effect.message);
        return this.#options.send(effect.message, payload?.bytes);
      }
      case 'train':
      case 'evaluate':
        return this.#begin(effect);
      case 'end':
        return this.#options.onEnd(effect.outcome);
      case 'prepare':
        return this.#prepare(effect.plan);
      case 'forget_update':
        if (this.#options.disk.kept?.update.hash === effect.hash) this.#options.disk.kept = null;
        return;
      case 'hold_work':
        this.#held = effect.on;
        return this.#goOn();
      // What is on its way in this network is out of its hands.
      case 'withdraw_updates':
      case 'abort_work':
      case 'report':
        return;
    }
  }

  #prepare(plan: RunPlanBody): void {
    if (plan.model.graph === undefined) return this.#fit(plan);
    this.#graphWanted = plan;
    this.#options.world.after(5, () => this.feed({ kind: 'graph_missing' }));
  }

  #fit({ classes, model }: RunPlanBody): void {
    const { world, plan } = this.#options;
    world.after(10, () => this.feed({ kind: 'prepared', loaded: toyLoaded(classes, model.inputShape, plan) }));
  }

  #begin(work: Work): void {
    const { world, random, plan } = this.#options;
    if (this.#still) return void this.#stuck.push(work);
    const totalMs = work.kind === 'evaluate' ? 20 : plan.trainMsMean * (0.5 + random.next());
    const batches = 4;
    if (work.kind === 'train') {
      for (let batch = 1; batch <= batches; batch++) {
        world.after((totalMs * batch) / batches, () => {
          if (!this.#still)
            this.feed({
              kind: 'progress',
              job: work.job,
              progress: { epoch: 1, epochs: 1, batch, batches, loss: 1 / batch },
            });
        });
      }
    }
    world.after(totalMs + 1, () => (this.#still ? void this.#stuck.push(work) : this.#finish(work)));
  }

  #finish(work: Work): void {
    if (this.#dead) return;
    const { plan, onTrained, random } = this.#options;
    const matched = matchLayout(work.model.tensors, toyLayout);
    if (!matched.ok) throw new Error(`the toy model does not match: ${matched.error}`);
    const { failingEvaluations: failing } = this.#options;
    if (work.kind === 'evaluate') {
      if (failing > 0 && random.int(100) < failing)
        return this.feed({ kind: 'work_failed', job: work.job, code: 'trainer_crashed', reason: 'toy failure' });
      return this.feed({
        kind: 'evaluated',
        job: work.job,
        result: plan.checks ?? { loss: 0.5, accuracy: 0.75, examples: plan.heldOut },
      });
    }
    if (this.#options.failures && random.int(50) === 0)
      return this.feed({ kind: 'work_failed', job: work.job, code: 'training_failed', reason: 'toy failure' });
    let trained = plan.train?.(matched.value, work.round) ?? toyTrain(matched.value, plan.id, work.round);
    if (this.#poisoned) {
      this.#poisoned = false;
      // One of the two ways in which an update can be useless.
      trained =
        random.int(2) === 0
          ? trained.map(({ name, shape, data }) =>
              float32Tensor(
                name,
                shape,
                data.map(() => Number.NaN),
              ),
            )
          : trained.slice(0, 1);
    }
    const hash = this.#models.put(trained);
    // Given up meanwhile: the real driver has stopped it before.
    if (this.#state.task?.job !== work.job) return;
    const { disk } = this.#options;
    assert.ok(
      disk.kept?.update.round !== work.round || disk.kept.update.body.base !== work.model.hash,
      'trained again',
    );
    const measures = { examples: plan.claims ?? plan.examples, loss: 0.4, accuracy: 0.8, trainMs: 1, norm: 1 };
    const body = { ...measures, base: work.model.hash };
    disk.kept = { update: { round: work.round, hash, body }, parameters: trained };
    onTrained(hash, Float32Array.from(trained.flatMap(({ data }) => [...data])), plan.examples);
    this.feed({
      kind: 'trained',
      job: work.job,
      hash,
      sizeBytes: this.#models.bytes(hash).byteLength,
      result: measures,
    });
  }

  #now(): { readonly monotonicMs: number; readonly wallMs: number } {
    const { world, plan } = this.#options;
    return { monotonicMs: world.nowMs, wallMs: 1.7e12 + plan.wallOffsetMs + world.nowMs * plan.wallRate };
  }
}
