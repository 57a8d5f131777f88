import type { JSX } from 'react';
import type { Weight } from '#renderer/components/words/contribution-facts.ts';
import { formatCount } from '#shared/base/text/counted.ts';

/** Its share of the newest model and, where that is less than it said or sent, why. */
export function WeightCell({ weight }: { readonly weight: Weight | null }): JSX.Element | null {
  if (weight === null) return null;
  const { share, examples, claimed, clipped } = weight;
  const less = examples !== null && claimed !== null && claimed > examples;
  return (
    <>
      <div className="mic t3" title="Its share of the newest model">
        {formatShare(share)}
      </div>
      {less && (
        <div className="mic wrn" title={`It said ${formatCount(claimed)} examples.`}>
          {formatCount(examples)} counted
        </div>
      )}
      {clipped !== null && clipped < 1 && (
        <div className="mic wrn" title="Its update was longer than the norm clip allows.">
          clipped to {formatShare(clipped)}
        </div>
      )}
    </>
  );
}

const formatShare = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
