import type { EventOf } from '#shared/contract/events.ts';
import { limits } from '#shared/contract/limits.ts';
import { append } from '../fold.ts';
import type { LossView, RunView } from '../run-view.ts';

/** Rows are missing: of the same process, kind and reason as before and at the same place, it is one loss. */
export function applyLoss(view: RunView, { data, at }: EventOf<'rows_lost'>): RunView {
  const isSame = (loss: LossView): boolean =>
    loss.process === data.process &&
    loss.kind === data.kind &&
    loss.reason === data.reason &&
    loss.afterPacket === data.afterPacket;
  const known = view.losses.find(isSame);
  if (known === undefined) {
    const { items, dropped } = append(view.losses, { ...data, at }, limits.viewLossesMax);
    return { ...view, losses: items, dropped: view.dropped + dropped };
  }
  const joined: LossView = {
    ...known,
    count: known.count + data.count,
    from: Math.min(known.from, data.from),
    to: Math.max(known.to, data.to),
  };
  return { ...view, losses: view.losses.map((loss) => (loss === known ? joined : loss)) };
}
