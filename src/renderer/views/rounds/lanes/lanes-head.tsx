import type { JSX } from 'react';
import { LanesControls } from './lanes-controls.tsx';
import type { WindowControl } from '../use-time-window.ts';

/** A swatch of the legend: its class, and what it stands for where that is another word. */
export type Swatch = readonly [kind: string, words?: string];

/** Title, legend and time window over the lanes. */
export function LanesHead({
  control,
  legend,
}: {
  readonly control: WindowControl;
  readonly legend: readonly Swatch[];
}): JSX.Element {
  return (
    <div className="ph">
      <h2>Rounds</h2>
      <div className="legend" aria-hidden="true" data-drops="">
        {legend.map(([kind, words = kind]) => (
          <span key={kind}>
            <i className={`sw ${kind}`} />
            {words}
          </span>
        ))}
      </div>
      <LanesControls control={control} />
    </div>
  );
}
