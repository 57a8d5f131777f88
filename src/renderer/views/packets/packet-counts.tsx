import type { JSX } from 'react';
import { anyLost, lossTotals, lostWords } from '#shared/run-view/loss-words.ts';
import { formatCount } from '#shared/base/text/counted.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { useRunView, useSessionState } from '#renderer/session/hooks.ts';
import { useTally, type Tally } from './filter/use-tally.ts';
import type { TimeRange } from './packet-index.ts';
import type { PacketList } from './packet-list.ts';

interface PacketCountsProps {
  readonly list: PacketList;
  readonly filter: string;
  readonly range: TimeRange | null;
  /** Goes to a place where packets were lost; null: there is none. */
  readonly onLoss: (() => void) | null;
}

/** Every packet is accounted for: what is shown, what matches, what exists, and what was cut, dropped or left out. */
export function PacketCounts({ list, filter, range, onLoss }: PacketCountsProps): JSX.Element {
  const recorded = useSessionState((state) => state.packetsRecorded);
  const recorder = useRunView((view) => view.recorder);
  const strangers = useRunView((view) => view.unrecorded.packets) ?? 0;
  const lost = lossTotals(recorder);
  const { tally: all } = useTally({ filter });
  const { tally: within } = useTally(range === null ? null : { filter, fromAt: range.from, toAt: range.to });
  const cut = (range === null ? all : within)?.cut ?? 0;
  return (
    <div className="foot">
      {range === null ? null : (
        <span>
          <Counted tally={within} /> in range
        </span>
      )}
      <span>
        <Counted tally={all} /> match{all?.complete === false ? ' so far' : ''}
      </span>
      <span>
        <b>{formatCount(recorded)}</b> recorded
      </span>
      {list.notHeld > 0 ? <span className="t3 w-lg">{formatCount(list.heldCount)} held here</span> : null}
      {cut > 0 ? (
        <span className="led">
          <Icon name="cut" />
          bodies cut to 4 kB: {formatCount(cut)}
        </span>
      ) : null}
      {strangers > 0 ? (
        <span
          className="led"
          title="Peers that were not let in sent more than is recorded of such. The packets of participants are all here."
        >
          {formatCount(strangers)} of unproven peers not recorded
        </span>
      ) : null}
      <span className={`end${anyLost(lost) || list.skipped > 0 ? ' led' : ''}`}>
        {onLoss === null ? (
          `${lostWords(lost)}, `
        ) : (
          <button
            type="button"
            className="tolost"
            title="Go to where packets were lost, the newest first"
            onClick={onLoss}
          >
            {lostWords(lost)}
          </button>
        )}
        <span>{formatCount(list.skipped)} skipped here</span>
      </span>
    </div>
  );
}

/** Of the whole recording, not of what is held here. */
function Counted({ tally }: { readonly tally: Tally | null }): JSX.Element {
  return <b>{tally === null ? '…' : formatCount(tally.count)}</b>;
}
