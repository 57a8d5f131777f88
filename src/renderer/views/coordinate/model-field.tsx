import { useCallback, useId } from 'react';
import type { JSX } from 'react';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { PathField } from '#renderer/components/forms/path-field.tsx';
import { useFolders } from '#renderer/session/recordings/use-folders.ts';
import { changeCoordinate } from '#renderer/session/run/drafts.ts';
import { coordinateFieldOf } from './check-coordinate.ts';
import type { Coordinate } from './use-coordinate.ts';

/** The network of the run: a file of its user's, or one that suits the data. */
export function ModelField({ coordinate: { draft } }: { readonly coordinate: Coordinate }): JSX.Element {
  const id = useId();
  const setModel = useCallback((model: string) => changeCoordinate({ model }), []);
  const { complete, choose } = useFolders('The network to train, as ONNX', setModel, 'networks');
  const failure = draft.failure !== null && coordinateFieldOf(draft.failure) === 'model' ? draft.failure : null;
  return (
    <>
      <PathField
        label="Network"
        value={draft.model}
        placeholder="one that suits the data; or ~/net.onnx"
        leadsTo="file"
        onChange={setModel}
        complete={complete}
        choose={choose}
        invalid={failure !== null}
        faultId={`${id}-fault`}
      />
      <div className="wide" id={`${id}-fault`} role="status">
        {draft.model.trim() !== '' && failure === null && (
          <p className="help">
            Each participant gets the network, and its weights with the first round. Pictures are scaled to what it
            takes.
          </p>
        )}
        {failure !== null && <ErrorCard error={failure} />}
      </div>
    </>
  );
}
