import type { JSX } from 'react';
import { useShowsRecording } from '#renderer/session/recordings/recordings.ts';
import type { Span } from '../time-window.ts';
import type { WindowControl } from '../use-time-window.ts';

const spanNames: readonly (readonly [Span, string])[] = [
  ['round', 'Round'],
  ['last3', 'Last 3'],
  ['run', 'Run'],
];

/** Which time the lanes show: a span that follows the run, or back to it. */
export function LanesControls({ control }: { readonly control: WindowControl }): JSX.Element {
  const recording = useShowsRecording();
  return (
    <div className="end">
      <span className="seg-ctl" role="group" aria-label="Time span">
        {spanNames.map(([span, name]) => (
          <button
            type="button"
            key={span}
            aria-pressed={control.live && control.span === span}
            onClick={() => control.follow(span)}
          >
            {name}
          </button>
        ))}
      </span>
      <button
        type="button"
        className="btn"
        aria-pressed={control.live}
        title={recording ? 'Follow the recording as it is played (F)' : 'Follow the run (F)'}
        onClick={() => control.follow()}
      >
        {recording ? 'Follow' : 'Live'}{' '}
        <span className="key" aria-hidden="true">
          F
        </span>
      </button>
    </div>
  );
}
