import { useCallback, useEffect, useSyncExternalStore } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { useRequest } from '#renderer/session/hooks.ts';
import { createStore } from '#renderer/session/store.ts';
import type { CheckLine } from '#shared/contract/app/port-api.ts';
import type { Protocol } from '#shared/contract/protocols.ts';

/** What the machine has does not change from one look at the view to the next, and finding out takes seconds. */
const known = createStore<readonly CheckLine[] | null>(null);

/** A protocol that this machine cannot speak, with the reason and the fix. */
export type Missing = CheckLine & { readonly protocol: Protocol };

export function missingProtocols(lines: readonly CheckLine[]): readonly Missing[] {
  return lines.filter((line): line is Missing => line.protocol !== undefined && line.state !== 'works');
}

/** What the service has found; nothing is called missing before it has said so. */
export function useMissingProtocols(): {
  readonly missing: readonly Missing[];
  readonly checking: boolean;
  readonly again: () => void;
} {
  const lines = useSyncExternalStore(known.subscribe, known.get);
  const { state, send } = useRequest('check');
  const again = useCallback(async () => {
    const answer = await send({});
    if (answer !== null) known.set(answer.lines);
  }, [send]);
  useEffect(() => {
    if (known.get() === null) spawn('checking this machine', again());
  }, [again]);
  return {
    missing: missingProtocols(lines ?? []),
    checking: state.kind === 'pending',
    again: () => spawn('checking this machine', again()),
  };
}
