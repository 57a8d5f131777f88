import type { JSX } from 'react';
import { useRunView } from '#renderer/session/hooks.ts';
import { impairs, networkWords } from '#shared/contract/run/network.ts';

/** The network of a participant where that is worse than this machine's own, in words. */
export function NetworkTag({ participant }: { readonly participant: string }): JSX.Element | null {
  const network = useRunView((view) => view.networks.find((one) => one.participant === participant) ?? null);
  if (network === null || !impairs(network)) return null;
  const words = networkWords(network);
  return (
    <span className="tag network" title={words}>
      {words}
    </span>
  );
}
