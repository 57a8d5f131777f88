import type { EventData, EventType } from '#shared/contract/events.ts';
import { asParticipantId, type MessageId, type RunId } from '#shared/contract/ids.ts';
import { contractVersion, type BodyOf, type MessageHeader, type MessageKind } from '#shared/contract/messages.ts';
import { toyLoaded } from '#test/simulation/toy-model.ts';
import { hashOf } from './coordinator-kit.ts';
import type { MachineMessage } from '#engine/round/machine.ts';
import { checkParticipant } from '#engine/round/participant/invariants.ts';
import { advanceParticipant, startParticipant } from '#engine/round/participant/machine.ts';
import type {
  ModelFinding,
  ParticipantConfig,
  ParticipantEffect,
  ParticipantInput,
  ParticipantState,
} from '#engine/round/participant/state.ts';

export const config: BodyOf<'training_config'> = {
  model: {
    inputShape: [1, 1, 3],
    numClasses: 2,
    layers: [{ type: 'flatten' }, { type: 'dense', units: 2, activation: 'none' }],
  },
  localEpochs: 1,
  batchSize: 8,
  learningRate: 0.1,
  optimizer: 'sgd',
  seed: 1,
};
export const plan: BodyOf<'run_plan'> = {
  runName: 'kit',
  rounds: 3,
  minimumParticipants: 1,
  quorum: 1,
  localEpochs: 1,
  batchSize: 8,
  learningRate: 0.1,
  optimizer: 'sgd',
  trainingDeadlineMs: 1000,
  model: config.model,
  parameters: 8,
  classes: ['a', 'b'],
  baselineAccuracy: 0.5,
  registered: 0,
  round: 0,
  phase: 'registering',
  nameTaken: false,
  software: '1',
};
export const statusBody: BodyOf<'round_status'> = {
  phase: 'training',
  waitingFor: [],
  reported: [],
  selected: [],
  quorum: 1,
  deadlineAt: 0,
  nextAction: '',
};
export const summaryBody: BodyOf<'round_summary'> = {
  loss: 1,
  accuracy: 0.5,
  contributions: [],
  missing: [],
  durationMs: 1,
  modelBefore: hashOf('base'),
  modelAfter: hashOf('next'),
};
export const base = hashOf('base');
export const next = hashOf('next');

/** A participant machine on a table: what it is told, and what it wants done, without link, trainer or time of its own. */
export class ParticipantKit {
  state: ParticipantState;
  effects: ParticipantEffect[] = [];
  nowMs = 0;

  constructor(kept?: ParticipantConfig['kept']) {
    const step = startParticipant(
      { name: asParticipantId('node-1'), key: 'key', trainer: 'kit', kept },
      { monotonicMs: 0, wallMs: 0 },
    );
    this.state = step.state;
    this.effects.push(...step.effects);
  }

  feed(input: ParticipantInput): void {
    const step = advanceParticipant(this.state, input, { monotonicMs: this.nowMs, wallMs: this.nowMs });
    checkParticipant(this.state, step);
    this.state = step.state;
    this.effects.push(...step.effects);
  }

  hear<K extends MessageKind>(
    kind: K,
    round: number,
    body: BodyOf<K>,
    model?: { readonly hash: string; readonly finding?: ModelFinding },
  ): void {
    const header = {
      version: contractVersion,
      run: 'kit' as RunId,
      sender: 'coordinator',
      kind,
      round,
      id: 'm' as MessageId,
      sentAt: 0,
      body,
      ...(model === undefined ? {} : { payload: { hash: model.hash, length: 32, encoding: 'safetensors' } }),
    } as unknown as MessageHeader;
    this.feed({
      kind: 'message',
      header,
      model: model === undefined ? undefined : (model.finding ?? { ok: true, tensors: [] }),
    });
  }

  planned(): this {
    this.hear('run_plan', 0, plan);
    this.feed({ kind: 'prepared', loaded: toyLoaded(plan.classes, plan.model.inputShape) });
    return this;
  }

  configured(): this {
    this.planned();
    this.hear('training_config', 0, config);
    return this;
  }

  model(round: number, hash: string, purpose: 'train' | 'evaluate' = 'train'): void {
    this.hear('global_model', round, { purpose }, { hash });
  }

  train(round: number, hash = base): void {
    this.hear('start_training', round, { deadlineMs: 1000, base: hash });
  }

  evaluate(round: number, hash = next): void {
    this.hear('start_evaluation', round, { deadlineMs: 1000, model: hash });
  }

  trained(job = this.state.task?.job ?? 0): void {
    this.feed({
      kind: 'trained',
      job,
      hash: hashOf(`update ${job}`),
      sizeBytes: 32,
      result: { examples: 100, loss: 1, accuracy: 0.5, trainMs: 1, norm: 1 },
    });
  }

  of<K extends ParticipantEffect['kind']>(kind: K): Extract<ParticipantEffect, { kind: K }>[] {
    return this.effects.filter((effect): effect is Extract<ParticipantEffect, { kind: K }> => effect.kind === kind);
  }

  sent<K extends MessageKind>(kind: K): Extract<MachineMessage, { kind: K }>[] {
    return this.of('send').flatMap(({ message }) =>
      message.kind === kind ? [message as Extract<MachineMessage, { kind: K }>] : [],
    );
  }

  events<T extends EventType>(type: T): EventData<T>[] {
    return this.of('report').flatMap((effect) => (effect.type === type ? [effect.data as EventData<T>] : []));
  }

  get phases(): string[] {
    return this.events('participant_phase').map(({ phase, round }) => `${phase} ${round}`);
  }
}
