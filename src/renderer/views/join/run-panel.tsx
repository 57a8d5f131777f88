import type { JSX } from 'react';
import { formatBytes } from '#renderer/components/format.ts';
import { PlanList } from '#renderer/components/plan-list.tsx';
import type { RunPlanBody } from '#shared/contract/messages.ts';
import type { WeightRule } from '#shared/contract/weight-rule.ts';

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

/** An older coordinator tells none. */
function weightRuleToldBy({ weightCap, normClip }: RunPlanBody): WeightRule | null {
  return weightCap === undefined || normClip === undefined ? null : { weightCap, normClip };
}

/** A parameter travels as a float32. */
const bytesPerParameter = 4;

/** What leaves this machine when it takes part, by kind; pictures are a line too, with their count. */
export function SentBack({ plan }: { readonly plan: RunPlanBody | null }): JSX.Element {
  const update = plan === null ? null : plan.parameters * bytesPerParameter;
  const left = plan === null ? 0 : Math.max(1, plan.rounds - Math.max(0, plan.round - 1));
  return (
    <>
      <div className="ph lv">
        <h2>What is sent back</h2>
        <span className="sub">to the coordinator alone</span>
      </div>
      <div className="in">
        <table className="bk">
          <thead className="vh">
            <tr>
              <th>What</th>
              <th>When</th>
              <th>Size</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <td>Model update, float32</td>
              <td className="t2">once a round</td>
              <td className="num">{update === null ? 'not known yet' : formatBytes(update)}</td>
            </tr>
            <tr>
              <td>Loss, accuracy, number of examples</td>
              <td className="t2">once a round</td>
              <td className="num">under 1 kB</td>
            </tr>
            <tr>
              <td>Progress of training</td>
              <td className="t2">while it trains</td>
              <td className="num">under 1 kB each</td>
            </tr>
            <tr>
              <td>Name, key, names and counts of the classes</td>
              <td className="t2">once</td>
              <td className="num">a few kB</td>
            </tr>
            <tr className="nv">
              <td>Pictures, labels, file names</td>
              <td>never</td>
              <td className="num">0 B</td>
            </tr>
          </tbody>
        </table>
        {update !== null && (
          <p className="t3 micro">
            About {formatBytes(update * left)} up in {left === 1 ? 'one round' : `${left} rounds`}, and as much down for
            the models to train from.
          </p>
        )}
      </div>
    </>
  );
}
