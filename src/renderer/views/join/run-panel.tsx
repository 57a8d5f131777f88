import type { JSX } from 'react';
import { formatBytes } from '#shared/base/bytes.ts';
import { PlanList } from '#renderer/components/forms/plan-list.tsx';
import { keyWords } from '#shared/base/text/key-words.ts';
import type { AskedPlan } from '#shared/contract/run/approval.ts';
import type { RunPlanBody } from '#shared/contract/messages.ts';
import type { WeightRule } from '#shared/contract/run/weight-rule.ts';

/** What the run wants, from the plan that its coordinator told; nothing before that. */
export function RunWants({
  plan,
  asked,
}: {
  readonly plan: RunPlanBody | null;
  readonly asked: AskedPlan | null;
}): JSX.Element {
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
            {asked !== null && (
              <>
                <dt>Asked by</dt>
                <dd>
                  <span className="data">{keyWords(asked.coordinator)}</span>
                </dd>
                <dt>Plan, model</dt>
                <dd>
                  <span className="data">
                    {asked.hash.slice(0, 8)}, {asked.model.slice(0, 8)}
                  </span>
                </dd>
              </>
            )}
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
