import { formatCount } from '#shared/base/text/counted.ts';
import type { JSX, ReactNode } from 'react';
import { shownWithin } from '#shared/base/text/visible-text.ts';
import { formatSeconds } from '../words/format.ts';
import { shapeWords } from '#shared/contract/run/shape-words.ts';
import { weightRuleWords, type WeightRule } from '#shared/contract/run/weight-rule.ts';
import { enoughOf } from '../words/plan-words.ts';
import './plan-list.css';

/** What a run asks of everybody who takes part, as far as it is known. */
export interface PlanWords {
  readonly name: string;
  /** Or in words where it is not known yet. */
  readonly shape: readonly number[] | string | null;
  readonly classes: readonly string[];
  readonly rounds: number;
  readonly deadlineMs: number;
  readonly participants: number;
  /** Share of the participants whose updates are enough at the deadline. */
  readonly quorum: number;
  readonly localEpochs: number;
  /** Null: not told. */
  readonly weightRule: WeightRule | null;
  /** Batch, optimizer and rate; empty: not settled before the start. */
  readonly training: string;
  readonly parameters: number | null;
  /** Where the network comes from, if it is none of the program's own. */
  readonly network: string | null;
}

/** As people set it: `45 s`, `2 min`. */
function deadlineWords(ms: number): string {
  return ms >= 60_000 && ms % 60_000 === 0 ? `${ms / 60_000} min` : formatSeconds(ms);
}

function NetworkRow({ plan: { parameters, network } }: { readonly plan: PlanWords }): JSX.Element | null {
  if (parameters === null && network === null) return null;
  const words = [
    ...(parameters === null ? [] : [`${formatCount(parameters)} parameters`]),
    ...(network === null ? [] : [network]),
  ];
  return (
    <>
      <dt>Network</dt>
      <dd>{words.join(', ')}</dd>
    </>
  );
}

export function PlanList({ plan, children }: { readonly plan: PlanWords; readonly children?: ReactNode }): JSX.Element {
  const enough = enoughOf(plan.participants, plan.quorum);
  return (
    <dl className="kvl plan">
      <dt>Run</dt>
      <dd>
        <b>{shownWithin(plan.name)}</b>
      </dd>
      {children}
      <NetworkRow plan={plan} />
      <dt>Pictures</dt>
      <dd>
        {plan.shape === null || typeof plan.shape === 'string' ? (
          <span className="t3">{plan.shape ?? 'as the data has them'}</span>
        ) : (
          shapeWords(plan.shape)
        )}
      </dd>
      <dt>Classes</dt>
      <dd>
        {plan.classes.length === 0 ? (
          <span className="t3">as the data has them</span>
        ) : (
          <ul className="chips" aria-label="Classes of the run">
            {plan.classes.map((name) => (
              <li className="chip" key={name}>
                {shownWithin(name)}
              </li>
            ))}
          </ul>
        )}
      </dd>
      <dt>Rounds</dt>
      <dd>
        {plan.rounds}, updates within {deadlineWords(plan.deadlineMs)}
        {enough < plan.participants
          ? `; ${enough} of ${plan.participants} are enough`
          : `; all ${plan.participants} are needed`}
      </dd>
      <dt>Training</dt>
      <dd>
        {plan.localEpochs} {plan.localEpochs === 1 ? 'epoch' : 'epochs'} a round
        {plan.training !== '' && `, ${plan.training}`}
      </dd>
      <dt>Counting</dt>
      <dd>
        {plan.weightRule === null ? <span className="t3">not told</span> : weightRuleWords(plan.weightRule).join(' ')}
      </dd>
    </dl>
  );
}
