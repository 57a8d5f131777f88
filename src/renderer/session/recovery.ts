import type { RunView } from '#shared/run-view/run-view.ts';

/** Somebody's link was away and is back. */
export interface Recovery {
  readonly participant: string;
  readonly at: number;
  readonly tookMs: number;
}

export interface RecoveryState {
  /** Since when whose link is away. */
  readonly away: ReadonlyMap<string, number>;
  readonly last: Recovery | null;
}

export const nobodyAway: RecoveryState = { away: new Map(), last: null };

/** Follows links from view to view; the same object when nothing has changed. */
export function followRecovery(before: RecoveryState, view: Pick<RunView, 'participants'>): RecoveryState {
  let { away, last } = before;
  for (const { id, link, left, exited } of view.participants) {
    const since = away.get(id);
    const isAway = left === null && link.connections > 0 && (link.state === 'lost' || link.state === 'resuming');
    const isGone = left !== null || exited !== null;
    if (isAway === (since !== undefined) && !(isGone && since !== undefined)) continue;
    const next = new Map(away);
    if (isAway) next.set(id, link.since);
    else next.delete(id);
    away = next;
    if (since !== undefined && link.state === 'ready' && !isGone)
      last = { participant: id, at: link.since, tookMs: Math.max(0, link.since - since) };
  }
  return away === before.away ? before : { away, last };
}
