import type { JSX } from 'react';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { changeCoordinate } from '#renderer/session/run/drafts.ts';
import { coordinateFieldOf } from './check-coordinate.ts';
import { TextField } from './text-field.tsx';
import type { Coordinate } from './use-coordinate.ts';

/** The model of round 1: a file that an earlier run left, or none. */
export function StartFromField({ coordinate: { draft } }: { readonly coordinate: Coordinate }): JSX.Element {
  const failure = draft.failure !== null && coordinateFieldOf(draft.failure) === 'startFrom' ? draft.failure : null;
  return (
    <>
      <TextField
        label="Start from"
        value={draft.startFrom}
        placeholder="a new model; or a kept one"
        help="A model file with the same classes and layers."
        invalid={failure !== null}
        maxLength={4096}
        onChange={(startFrom) => changeCoordinate({ startFrom })}
      />
      {failure !== null && (
        <div className="wide" role="status">
          <ErrorCard error={failure} />
        </div>
      )}
    </>
  );
}
