import type { CoordinatorStart } from '#shared/contract/child-messages.ts';
import type { RunSettings } from '#shared/contract/settings.ts';
import { decodeSafetensors, encodeSafetensors } from '#engine/codec/safetensors.ts';
import { hashBytes } from '#engine/codec/hash.ts';
import { breathe } from '#engine/host/breathe.ts';
import { serveParent, type Ended } from '#engine/host/child-process.ts';
import type { ParentChannel } from '#engine/host/parent-channel.ts';
import { ProcessReporter } from '#engine/host/process-reporter.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { runCoordinator } from '#engine/round/coordinator-driver.ts';
import { ObservedReporter } from '#engine/round/observed-reporter.ts';
import { planFederation, type FederationPlan } from '#engine/trainer/federation-plan.ts';
import { openFrontDoor } from './front-door.ts';

serveParent({ startType: 'start_coordinator', run, onFault: () => undefined });

/** Serves one run: listens, hands out the invitation, runs the rounds, says goodbye. */
async function run(start: CoordinatorStart, channel: ParentChannel, signal: AbortSignal): Promise<Ended> {
  const plan = await planFederation(start.data, { seed: start.settings.seed, signal });
  let doing = 'starting';
  using processReporter = new ProcessReporter({
    run: start.run,
    source: 'coordinator',
    clock: systemClock,
    deliver: (batch) => channel.post(batch),
    doing: () => doing,
  });
  const reporter = new ObservedReporter(processReporter);
  await using door = await openFrontDoor(start, reporter, signal);
  channel.post({ type: 'listening', invitation: door.invitation, endpoints: [...door.endpoints] });
  doing = 'serving the run';
  const outcome = await runCoordinator({
    settings: settingsOf(start, plan),
    model: plan.model,
    initialParameters: plan.parameters,
    links: door,
    codec: { encode: encodeSafetensors, decode: decodeSafetensors, hash: hashBytes },
    clock: systemClock,
    reporter,
    transfers: reporter,
    breathe,
    signal,
    baselineAccuracy: plan.baselineAccuracy,
    demo: start.demo,
    self: start.self,
  });
  return { status: outcome.status, reason: outcome.reason };
}

function settingsOf(start: CoordinatorStart, plan: FederationPlan): RunSettings {
  const { batchSize, learningRate, optimiser } = plan.defaults;
  const { settings } = start;
  return {
    ...settings,
    batchSize: settings.batchSize ?? batchSize,
    learningRate: settings.learningRate ?? learningRate,
    optimizer: settings.optimizer ?? optimiser,
  };
}
