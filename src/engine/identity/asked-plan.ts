import { createHash } from 'node:crypto';
import { approvedText, modelText, type AskedPlan } from '#shared/contract/run/approval.ts';
import type { RunPlanBody } from '#shared/contract/messages.ts';
import { fingerprintOf, keyOfPeer } from './peer-id.ts';

/** A parameter travels as a float32. */
const bytesPerParameter = 4;

/**
 * What is asked by a plan, and the hash by which it is approved: of one run, of one coordinator, and of all that is done on
 * a participant's machine.
 */
export function askedBy(
  plan: RunPlanBody,
  { run, identity }: { readonly run: string; readonly identity: string },
): AskedPlan {
  const key = keyOfPeer(identity);
  return {
    hash: hashOf(JSON.stringify([run, identity, approvedText(plan)])),
    // A network from elsewhere has a hash already, by which it travels.
    model: plan.model.graph?.hash ?? hashOf(modelText(plan)),
    coordinator: key === null ? '' : fingerprintOf(key),
    epochs: plan.localEpochs,
    rounds: plan.rounds,
    updateBytes: plan.parameters * bytesPerParameter,
  };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
