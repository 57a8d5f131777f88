import type { RunPlanBody } from '#shared/contract/messages.ts';
import { modelFor } from '#engine/trainer/model/default-models.ts';

/** What a coordinator says of a small run, with whatever a test is about. */
export function runPlan(about: Partial<RunPlanBody> = {}): RunPlanBody {
  return {
    runName: 'faces',
    rounds: 3,
    minimumParticipants: 2,
    quorum: 0.75,
    localEpochs: 1,
    batchSize: 32,
    learningRate: 0.05,
    optimizer: 'sgd',
    trainingDeadlineMs: 60_000,
    model: modelFor([1, 8, 8], 2),
    parameters: 1000,
    classes: ['happy', 'sad'],
    baselineAccuracy: 0.5,
    registered: 1,
    round: 0,
    phase: 'registering',
    nameTaken: false,
    software: '0.1.0',
    ...about,
  };
}
