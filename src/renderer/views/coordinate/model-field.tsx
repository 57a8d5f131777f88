import { useCallback, useId } from 'react';
import type { JSX } from 'react';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { PathField } from '#renderer/components/forms/path-field.tsx';
import { useFolders } from '#renderer/session/recordings/use-folders.ts';
import type { NetworkPreview } from '#shared/contract/app/port-api.ts';
import { formatCount } from '#shared/base/text/counted.ts';
import { shapeWords } from '#shared/contract/run/shape-words.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { changeCoordinate } from '#renderer/session/run/drafts.ts';
import { coordinateFieldOf } from './check-coordinate.ts';
import type { Coordinate } from './use-coordinate.ts';

/** The network of the run: a file of its user's, or one that suits the data. */
export function ModelField({
  coordinate: { draft, looking, network, networkError },
}: {
  readonly coordinate: Coordinate;
}): JSX.Element {
  const id = useId();
  const setModel = useCallback((model: string) => changeCoordinate({ model }), []);
  const { complete, choose } = useFolders('The network to train, as ONNX', setModel, 'networks');
  const failure = draft.failure !== null && coordinateFieldOf(draft.failure) === 'model' ? draft.failure : null;
  const error = failure ?? networkError ?? network?.fault ?? null;
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
        invalid={error !== null}
        faultId={`${id}-fault`}
      />
      <div className="wide" id={`${id}-fault`} role="status">
        {looking && <p className="help">looking at it</p>}
        {network !== null && error === null && (
          <p className="help">
            <span className="okc">
              <Icon name="check" as="small" />
            </span>{' '}
            {wordsOf(network)}. Each participant gets it once, and its weights with the first round.
          </p>
        )}
        {error !== null && <ErrorCard error={error} />}
      </div>
    </>
  );
}

function wordsOf({ shape, numClasses, parameters }: NetworkPreview): string {
  const facts = [
    ...(parameters === null ? [] : [`${formatCount(parameters)} parameters`]),
    ...(shape === null ? [] : [`pictures ${shapeWords(shape)}`]),
    numClasses === null ? 'as many classes as the data has' : `${numClasses} classes`,
  ];
  return facts.join(', ');
}
