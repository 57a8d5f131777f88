import type { Recorded } from './recorded-session.ts';

/** The same run, which its coordinator's user ends at `at`, wall ms: a round that runs then never ends. */
export function cutRun(items: readonly Recorded[], at: number): readonly Recorded[] {
  const before = items.filter((item) => item.at <= at);
  const events = before.flatMap((item) => ('event' in item ? [item.event] : []));
  const [first] = events;
  if (first === undefined) return items;
  const done = events.filter(({ type }) => type === 'round_ended').length;
  const data = {
    status: 'interrupted',
    reason: 'interrupted by the user',
    roundsCompleted: done,
    loss: null,
    accuracy: null,
  } as const;
  const event = { id: 2_000_000, run: first.run, source: 'coordinator', at, type: 'run_ended', data } as const;
  return [...before, { at, event }];
}
