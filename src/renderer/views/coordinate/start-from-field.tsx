import { useId } from 'react';
import type { JSX } from 'react';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { changeCoordinate } from '#renderer/session/drafts.ts';
import { coordinateFieldOf } from './check-coordinate.ts';
import type { Coordinate } from './use-coordinate.ts';

/** The model of round 1: a file that an earlier run left, or none. */
export function StartFromField({ coordinate: { draft } }: { readonly coordinate: Coordinate }): JSX.Element {
  const id = useId();
  const failure = draft.failure !== null && coordinateFieldOf(draft.failure) === 'startFrom' ? draft.failure : null;
  return (
    <>
      <div className="field">
        <label htmlFor={id}>Start from</label>
        <div className="fc">
          <input
            id={id}
            className="inp"
            maxLength={4096}
            autoComplete="off"
            spellCheck={false}
            placeholder="a new model; or a kept one"
            value={draft.startFrom}
            aria-invalid={failure !== null}
            aria-describedby={`${id}-help`}
            onChange={(event) => changeCoordinate({ startFrom: event.target.value })}
          />
        </div>
        <span className="help" id={`${id}-help`}>
          A model file with the same classes and layers.
        </span>
      </div>
      {failure !== null && (
        <div className="wide" role="status">
          <ErrorCard error={failure} />
        </div>
      )}
    </>
  );
}
