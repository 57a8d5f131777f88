import { useCallback, useEffect, useMemo, useState } from 'react';
import { toErrorReport } from '#shared/base/errors.ts';
import type { ErrorReport } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
import type { DataPreview, NetworkPreview, PortAnswers, RequestOf } from '#shared/contract/app/port-api.ts';
import { changeCoordinate, useCoordinateDraft } from '#renderer/session/run/drafts.ts';
import type { CoordinateDraft } from '#renderer/session/run/drafts.ts';
import { useRequest, useSession } from '#renderer/session/hooks.ts';
import { useBusy } from '#renderer/session/run/run-requests.ts';
import { busySentence } from '#renderer/session/run/run-state.ts';
import { useLiveRequest } from '#renderer/session/run/use-live-request.ts';
import { checkCoordinate, coordinateRequest } from './check-coordinate.ts';
import type { CoordinateField } from './check-coordinate.ts';

const previewRestMs = 350;

export interface Coordinate {
  readonly draft: CoordinateDraft;
  readonly faults: ReadonlyMap<CoordinateField, string>;
  /** Null: not known yet, or it could not be found out. */
  readonly own: PortAnswers['own_addresses'] | null;
  readonly reading: boolean;
  readonly preview: DataPreview | null;
  readonly previewError: ErrorReport | null;
  /** The network that was named is looked at. */
  readonly looking: boolean;
  /** Null: none was named, or it has not been looked at. */
  readonly network: NetworkPreview | null;
  readonly networkError: ErrorReport | null;
  /** Why the start has to wait, most important first. */
  readonly reasons: readonly string[];
  readonly starting: boolean;
  readonly start: () => void;
}

/** All that the form knows, from what was filled in and what the service found out about it. */
export function useCoordinate(): Coordinate {
  const draft = useCoordinateDraft();
  const busy = useBusy();
  const addresses = useRequest('own_addresses');
  const { send } = addresses;
  useEffect(() => spawn('asking for the addresses', send({})), [send]);
  const own = addresses.state.kind === 'done' ? addresses.state.value : null;
  const faults = useMemo(() => checkCoordinate(draft, own), [draft, own]);
  const data = draft.data.trim();
  const model = draft.model.trim();
  const seen = useLiveRequest('preview_network', model === '' ? null : { model }, previewRestMs);
  const network = model !== '' && seen.current ? seen.value : null;
  const read = useLiveRequest('preview_data', data === '' ? null : { data, ...shapeOf(network) }, previewRestMs);
  const preview = data !== '' && read.current ? read.value : null;
  const reasons = [
    ...(addresses.state.kind === 'pending' ? ['this machine is being looked at'] : faults.values()),
    ...(read.pending ? ['the data is being read'] : []),
    ...(preview?.fault == null ? [] : [preview.fault.message]),
    ...(seen.pending ? ['the network is being looked at'] : []),
    ...(network?.fault == null ? [] : [network.fault.message]),
    ...misfits(network, preview),
    ...(busy === null ? [] : [busySentence(busy)]),
  ];
  const { starting, start } = useStarting(draft, own);
  return {
    draft,
    faults,
    own,
    reading: read.pending,
    preview,
    previewError: read.error,
    looking: seen.pending,
    network,
    networkError: seen.error,
    reasons,
    starting,
    start: useCallback(() => {
      if (reasons.length === 0 && !starting) start();
    }, [reasons.length, starting, start]),
  };
}

/** Pictures are scaled to what the network sees. */
function shapeOf(network: NetworkPreview | null): Pick<RequestOf<'preview_data'>, 'shape'> {
  return network?.shape == null ? {} : { shape: [...network.shape] };
}

function misfits(network: NetworkPreview | null, preview: DataPreview | null): readonly string[] {
  if (network?.numClasses == null || preview === null || preview.fault !== null) return [];
  const { length } = preview.classes;
  if (length === network.numClasses) return [];
  return [`The network tells ${network.numClasses} classes apart, and the data has ${length}.`];
}

/** The page shows the invitation by itself as soon as the run is there. */
function useStarting(
  draft: CoordinateDraft,
  own: PortAnswers['own_addresses'] | null,
): { readonly starting: boolean; readonly start: () => void } {
  const session = useSession();
  const [starting, setStarting] = useState(false);
  const start = useCallback(() => {
    setStarting(true);
    changeCoordinate({ failure: null });
    session
      .request('coordinate_run', coordinateRequest(draft, own))
      .catch((error: unknown) => {
        const failure = toErrorReport(error);
        // Stopped by its user while it was starting: no fault of the form.
        if (failure.code !== 'aborted') changeCoordinate({ failure });
      })
      .finally(() => setStarting(false));
  }, [session, draft, own]);
  return { starting, start };
}
