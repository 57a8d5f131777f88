import { useMemo } from 'react';
import { toErrorReport } from '#shared/base/errors.ts';
import type { RequestName, RequestOf } from '#shared/contract/app/port-api.ts';
import { useSession } from '../hooks.ts';
import { showError } from '../toasts.ts';

export interface SeatActions {
  readonly keepTrying: () => void;
  readonly tryNow: () => void;
}

/** What a participant can ask of its own process; what goes wrong becomes a toast. */
export function useSeatActions(): SeatActions {
  const session = useSession();
  return useMemo(() => {
    const ask = <N extends RequestName>(name: N, params: RequestOf<N>): void => {
      session.request(name, params).catch((error: unknown) => showError(toErrorReport(error)));
    };
    return {
      keepTrying: () => ask('keep_trying', {}),
      tryNow: () => ask('try_now', {}),
    };
  }, [session]);
}
