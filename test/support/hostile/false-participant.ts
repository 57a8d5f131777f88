import { modelCodec } from '#engine/codec/model-codec.ts';
import { workerPath } from '#engine/host/entries.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { DialingLink } from '#engine/link/dial/dialing-link.ts';
import type { RunOutcome } from '#engine/round/machine.ts';
import { runParticipant } from '#engine/round/participant/driver.ts';
import type { EvaluationOutcome, TrainingJob, TrainingOutcome } from '#engine/round/trainer-port.ts';
import { requirePlan } from '#engine/trainer/graph-cache.ts';
import { createTransport } from '#engine/transport/registry.ts';
import { seededRandom } from '#shared/base/random.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import type { Invitation } from '#shared/contract/app/invitation.ts';
import { float32Tensor } from '#shared/tensor/tensor.ts';
import { RecordingReporter } from '#test/support/recorded/recording-reporter.ts';
import { tellsAll } from '#engine/round/telling.ts';

/** What somebody with the invitation registers, and says instead of training and checking. */
export interface Lies {
  readonly registered: number;
  readonly claimed: number;
  /** Every parameter of the update of a round. */
  readonly value: (round: number) => number;
  readonly evaluation: EvaluationOutcome;
}

/** A participant that keeps to the protocol to the letter, and lies in what it carries. */
export async function takePartFalsely(
  invitation: Invitation,
  name: string,
  lies: Lies,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const identity = createIdentity();
  const parts = { clock: systemClock, entropy: systemEntropy, workerOf: workerPath };
  const transport = createTransport('quic', invitation.control, { ...parts, identity });
  const reporter = new RecordingReporter();
  const random = seededRandom(name);
  const participant = asParticipantId(name);
  await using link = await DialingLink.open({
    ...parts,
    ...{ invitation, identity, participant, transport, random, reporter, signal },
  });
  return await runParticipant({
    link,
    trainer: {
      train: ({ parameters, round }: TrainingJob): Promise<TrainingOutcome> =>
        Promise.resolve({
          parameters: parameters.map(({ name: of, shape, data }) =>
            float32Tensor(of, shape, new Float32Array(data.length).fill(lies.value(round))),
          ),
          examples: lies.claimed,
          loss: 0.1,
          accuracy: 1,
          durationMs: 1,
          updateNorm: 1,
        }),
      evaluate: () => Promise.resolve(lies.evaluation),
    },
    trainerDescription: 'none',
    telling: tellsAll,
    fitData: ({ classes, model }) => {
      const { registered: examples } = lies;
      const classCounts = classes.map(() => Math.round(examples / classes.length));
      const shape = [...model.inputShape];
      const data = { source: 'nothing', examples, heldOut: examples, shape, classes, classCounts, skipped: 0 };
      return Promise.resolve({ data, text: 'nothing', leftOut: [], changed: [], mapping: [], warnings: [] });
    },
    key: identity.fingerprint,
    layoutOf: (model) => requirePlan(model).layout,
    codec: modelCodec,
    clock: systemClock,
    reporter,
    coordinatorEvents: 'none',
    signal,
  });
}
