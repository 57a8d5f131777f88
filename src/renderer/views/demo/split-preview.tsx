import { useRef } from 'react';
import type { JSX } from 'react';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { formatCount } from '#shared/base/text/counted.ts';
import type { RequestState } from '#renderer/session/hooks.ts';
import type { PortAnswers } from '#shared/contract/app/port-api.ts';

/** More rows than this push the rest of the form away; the others are counted. */
const rowsMax = 8;

/** Who gets how much of which class. The last answer stays while the next one is on its way, so that nothing flickers. */
export function SplitPreview({ state }: { readonly state: RequestState<'preview_split'> }): JSX.Element {
  const last = useRef<PortAnswers['preview_split'] | null>(null);
  if (state.kind === 'done') last.current = state.value;
  if (state.kind === 'failed') return <ErrorCard error={state.error} />;
  const split = last.current;
  if (split === null) return <div className="split t3">dividing the data</div>;
  const most = Math.max(1, ...split.shares.map((share) => share.examples));
  const hidden = split.shares.length - rowsMax;
  return (
    <div className="split" role="group" aria-label="Split of the data">
      {split.shares.slice(0, rowsMax).map((share) => (
        <div className="ds" key={share.participant}>
          <span>{share.participant}</span>
          <div
            className="dd"
            style={{ width: `${(share.examples / most) * 100}%` }}
            role="img"
            aria-label={split.classes.map((name, i) => `${name}: ${share.classCounts[i] ?? 0}`).join(', ')}
          >
            {share.classCounts.map((count, i) => (
              <i
                key={split.classes[i]}
                style={{ flexGrow: count, opacity: shade(i, share.classCounts.length) }}
                title={`${split.classes[i]}: ${formatCount(count)}`}
              />
            ))}
          </div>
          <span className="num">{formatCount(share.examples)}</span>
        </div>
      ))}
      <div className="ds t3">
        <span />
        <span>
          shades: {split.classes.length} classes{hidden > 0 && `, and ${hidden} more participants`}
        </span>
        <span className="num">examples</span>
      </div>
    </div>
  );
}

/** From full to faint, so that the order of classes is that of the shades. */
function shade(index: number, count: number): number {
  return 1 - (0.82 * index) / Math.max(1, count - 1);
}
