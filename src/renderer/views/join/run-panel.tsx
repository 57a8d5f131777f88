import type { JSX } from 'react';
import { formatBytes } from '#shared/base/bytes.ts';
import { PlanList } from '#renderer/components/forms/plan-list.tsx';
import type { RunPlanBody } from '#shared/contract/messages.ts';
import type { WeightRule } from '#shared/contract/run/weight-rule.ts';

/** What the run wants, from the plan that its coordinator told; nothing before that. */
export function RunWants({ plan }: { readonly plan: RunPlanBody | null }): JSX.Element {
  return (
    <>
      <div className="ph lv">
        <h2>What the run wants</h2>
        {plan !== null && <span className="sub">as its coordinator told it</span>}
      </div>
      <div className="in">
        {plan === null ? (
          <p className="t3">Known once the coordinator has answered.</p>
        ) : (
          <PlanList
            plan={{
              name: plan.runName,
              shape: plan.model.inputShape,
              classes: plan.classes,
              rounds: plan.rounds,
              deadlineMs: plan.trainingDeadlineMs,
              participants: plan.minimumParticipants,
              quorum: plan.quorum,
              localEpochs: plan.localEpochs,
              weightRule: weightRuleToldBy(plan),
              training: `batch ${plan.batchSize}, ${plan.optimizer === 'sgd' ? 'SGD' : 'Adam'} ${plan.learningRate}`,
              parameters: plan.parameters,
              network: networkWords(plan),
            }}
          >
            <dt>Now</dt>
            <dd>
              {plan.round === 0 ? 'not begun' : `round ${plan.round}`}, {plan.registered} of {plan.minimumParticipants}{' '}
              here
            </dd>
          </PlanList>
        )}
      </div>
    </>
  );
}

/** Null: one of the program's own, which its layers describe. */
function networkWords({ model: { graph } }: RunPlanBody): string | null {
  return graph === undefined
    ? null
    : `its coordinator’s own, ${formatBytes(graph.bytes)}, checked on this machine before it trains`;
}

/** An older coordinator tells none. */
function weightRuleToldBy({ weightCap, normClip }: RunPlanBody): WeightRule | null {
  return weightCap === undefined || normClip === undefined ? null : { weightCap, normClip };
}
