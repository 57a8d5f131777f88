import { memo, useMemo, useRef } from 'react';
import type { JSX } from 'react';
import { formatSilence } from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import { useMedia, useTokenPx } from '#renderer/components/hooks/use-media.ts';
import { useWidth } from '#renderer/components/hooks/use-width.ts';
import { useNow } from '#renderer/session/hooks.ts';
import type { SeatLink } from '#renderer/session/run/seat-link.ts';
import { counted } from '#shared/base/text/counted.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import type { RoundView } from '#shared/run-view/run-view.ts';
import { SegmentBox } from '../lanes/segment-box.tsx';
import { tickGlyphs } from '../overview/tick-labels.ts';
import { shareOf } from '../time-window.ts';
import type { TimeWindow } from '../time-window.ts';
import { toldTicks } from './told-layout.ts';
import type { RunOver } from './told-layout.ts';

interface HeardLaneProps {
  readonly rounds: readonly RoundView[];
  readonly self: string;
  readonly protocol: Protocol;
  readonly window: TimeWindow;
  readonly evaluationAt: number | null;
  readonly link: SeatLink | null;
  readonly ended: number | null;
  readonly over: RunOver;
  /** Opens the side panel about the link. */
  readonly onOpenLink: () => void;
}

/** The coordinator as it is heard from here: ticks of the updates that it said were in, then its silence. */
export function HeardLane(props: HeardLaneProps): JSX.Element {
  const { rounds, link, over } = props;
  const silent = link?.kind === 'silent';
  const current = rounds.at(-1);
  return (
    <div role="row" className="lane-row" data-lane="coordinator">
      <div role="rowheader" className={`lh coord row-line${silent ? ' bad' : ''}`}>
        <div className="n">coordinator</div>
        <div className="m w-proj">
          <Heard link={link} over={over} />
        </div>
      </div>
      <div className="lane coord row-line" role="none">
        <span className="vh" role="gridcell">
          {current === undefined
            ? 'no round told yet'
            : `round ${current.round}, ${current.arrivals.length} of ${counted(current.selected.length, 'update')} in, as told`}
        </span>
        <Told {...props} silent={silent} />
        {silent && <Silent {...props} heardAt={link.heardAt} />}
      </div>
    </div>
  );
}

function Heard({ link, over }: { readonly link: SeatLink | null; readonly over: RunOver }): JSX.Element {
  const now = useNow(1000);
  if (link?.kind === 'silent')
    return (
      <span className="stl">
        <Icon name="stop" as="small" />
        silent {formatSilence(now - link.heardAt)}
      </span>
    );
  if (link?.kind === 'joining') return <span>not heard yet</span>;
  if (link?.kind === 'heard') return <span>heard {Math.max(0, (now - link.at) / 1000).toFixed(1)} s ago</span>;
  if (link?.kind === 'closing') return <span>link closed</span>;
  if (link?.kind === 'restarting' || link?.kind === 'still') return <span>not heard for now</span>;
  return <span>{over === null ? 'heard again' : overWords[over]}</span>;
}

const overWords = {
  left: 'not known since you left',
  died: 'not known any more',
  ended: 'the run is over',
} as const;

const Told = memo(function Told({
  rounds,
  self,
  protocol,
  window,
  evaluationAt,
  ended,
  silent,
}: HeardLaneProps & { readonly silent: boolean }): JSX.Element {
  const lane = useRef<HTMLDivElement>(null);
  const width = useWidth(lane, 1000);
  const pxShare = useTokenPx('--k') / Math.max(1, width);
  const glyphOf = useMedia(tickGlyphs) ? self : null;
  const ticks = useMemo(() => toldTicks(rounds, window, pxShare, glyphOf), [rounds, window, pxShare, glyphOf]);
  const current = rounds.at(-1);
  const expected =
    !silent &&
    ended === null &&
    current !== undefined &&
    current.endedAt === null &&
    current.phases.every(({ phase }) => phase !== 'aggregating');
  return (
    <div className="told-marks" ref={lane} aria-hidden="true">
      {ticks.map((tick) => (
        <div
          key={`${tick.participant} ${tick.at}`}
          className="tick"
          style={{ left: `${tick.left * 100}%` }}
          title={`update of ${tick.participant}, number ${tick.number}, as told by the coordinator`}
        >
          {tick.labelled && (
            <span>
              {tick.participant === glyphOf && <ProtocolMark protocol={protocol} bare />}
              {tick.number}
            </span>
          )}
        </div>
      ))}
      {rounds.map((round) => (
        <ToldAggregate key={round.round} round={round} window={window} />
      ))}
      {expected && evaluationAt !== null && evaluationAt < window.toAt && (
        <div className="sg plan" style={{ left: `${shareOf(window, evaluationAt) * 100}%`, width: '0.5%' }} />
      )}
    </div>
  );
});

/** From the last update to the first word of the evaluation. */
function ToldAggregate({
  round,
  window,
}: {
  readonly round: RoundView;
  readonly window: TimeWindow;
}): JSX.Element | null {
  const from = round.phases.find(({ phase }) => phase === 'aggregating')?.at;
  const to = round.phases.find(({ phase }) => phase === 'evaluating' || phase === 'closing')?.at;
  if (from === undefined || to === undefined) return null;
  const [left, right] = [Math.max(0, shareOf(window, from)), Math.min(1, shareOf(window, to))];
  if (right <= left) return null;
  return (
    <div
      className="sg told"
      style={{ left: `${left * 100}%`, width: `${(right - left) * 100}%` }}
      title={`round ${round.round}: aggregation, as told by the coordinator`}
    />
  );
}

function Silent({
  window,
  rounds,
  heardAt,
  onOpenLink,
}: HeardLaneProps & { readonly heardAt: number }): JSX.Element | null {
  const left = Math.max(0, shareOf(window, heardAt));
  const box = useMemo(
    () => ({
      key: 'silent',
      kind: 'stalled' as const,
      round: rounds.at(-1)?.round ?? 0,
      left,
      right: null,
      startedAt: heardAt,
      endedAt: null,
      label: 'silent',
    }),
    [rounds, left, heardAt],
  );
  if (left >= 1) return null;
  return <SegmentBox box={box} window={window} progress="" selected={false} onOpen={onOpenLink} />;
}
