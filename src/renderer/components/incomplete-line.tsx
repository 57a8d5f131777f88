import './incomplete-line.css';
import type { JSX } from 'react';
import { incompleteWords, missedEvents } from '#shared/run-view/loss-words.ts';
import type { LossView } from '#shared/run-view/run-view.ts';
import { formatClock } from './words/format.ts';
import { Icon } from './icon.tsx';

/** Above what is folded from events, where some never came: it may be incomplete, and since when. */
export function IncompleteLine({ losses }: { readonly losses: readonly LossView[] }): JSX.Element | null {
  const words = incompleteWords(losses);
  if (words === null) return null;
  const missed = missedEvents(losses);
  const from = formatClock(Math.min(...missed.map((loss) => loss.from)));
  const to = formatClock(Math.max(...missed.map((loss) => loss.to)));
  return (
    <p className="incomplete" role="note">
      <Icon name="warn" as="small" />
      <span>
        {words} <span className="data">{from === to ? `(${from})` : `(${from} to ${to})`}</span>
      </span>
    </p>
  );
}
