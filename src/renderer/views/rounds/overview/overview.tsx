import { memo, useRef } from 'react';
import type { JSX, PointerEvent, RefObject } from 'react';
import { useTokenPx } from '#renderer/components/hooks/use-media.ts';
import { useWidth } from '#renderer/components/hooks/use-width.ts';
import { useNow } from '#renderer/session/hooks.ts';
import type { FaultView, ParticipantView, RoundView, VerdictView } from '#shared/run-view/run-view.ts';
import { OlderLanes } from '../lanes/older-lanes.tsx';
import { OverviewMarks } from './overview-marks.tsx';
import { field, overviewPaths, roundMarks } from './overview-paths.ts';
import type { OverviewPhase } from './overview-paths.ts';
import { centred, pan, shareOf, timeAt } from '../time-window.ts';
import type { TimeWindow } from '../time-window.ts';
import type { WindowControl } from '../use-time-window.ts';

interface OverviewProps {
  readonly participants: readonly ParticipantView[];
  readonly rounds: readonly RoundView[];
  readonly control: WindowControl;
  readonly ended: number | null;
  readonly verdicts?: readonly VerdictView[];
  readonly faults?: readonly FaultView[];
  /** What the strip is; absent: how many lanes it has. */
  readonly label?: string;
}

interface Drag {
  readonly fromShare: number;
  /** The window that is moved; null: a new one is drawn. */
  readonly window: TimeWindow | null;
  moved: boolean;
}

/** Share of the strip that a press may move and still be a click. */
const dragShareMin = 0.005;

/** The whole run in one strip; the brush is the window of the lanes. It can be dragged, drawn again, or put where one clicks. */
export function Overview({
  participants,
  rounds,
  control,
  ended,
  verdicts = [],
  faults = [],
  label,
}: OverviewProps): JSX.Element {
  const { whole, window } = control;
  const now = useNow(1000);
  const at = ended ?? now;
  const left = Math.max(0, shareOf(whole, window.fromAt));
  const right = Math.min(1, shareOf(whole, window.toAt));
  const { strip, ...drag } = useBrush(control, left, right);
  const width = useWidth(strip, 1000);
  return (
    <div className="overview">
      <div className="lab">
        {label ?? `whole run, ${participants.length} ${participants.length === 1 ? 'lane' : 'lanes'}`}
      </div>
      <div
        className="ov"
        ref={strip}
        // The same is done from the keyboard with Round, Last 3, Run and the keys + - , .
        aria-hidden="true"
        {...drag}
      >
        <Strip participants={participants} whole={whole} now={at} />
        <RoundMarks rounds={rounds} whole={whole} width={width} until={shareOf(whole, at)} />
        <OlderLanes participants={participants} window={whole} />
        <OverviewMarks verdicts={verdicts} faults={faults} whole={whole} until={at} />
        <div className="ovn" style={{ left: `${Math.min(1, shareOf(whole, at)) * 100}%` }} />
        <div className="brush" style={{ left: `${left * 100}%`, width: `${(right - left) * 100}%` }} />
      </div>
    </div>
  );
}

interface Brush {
  readonly strip: RefObject<HTMLDivElement | null>;
  readonly onPointerDown: (event: PointerEvent) => void;
  readonly onPointerMove: (event: PointerEvent) => void;
  readonly onPointerUp: () => void;
  readonly onPointerCancel: () => void;
}

/** Moves the window that lies from `left` to `right` of the strip, draws another, or puts it where one clicks. */
function useBrush(control: WindowControl, left: number, right: number): Brush {
  const { whole, window } = control;
  const strip = useRef<HTMLDivElement>(null);
  const drag = useRef<Drag | null>(null);
  const isWhole = right - left >= 0.98;
  const shareAt = (event: PointerEvent): number => {
    const box = strip.current?.getBoundingClientRect();
    return box === undefined ? 0 : Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  return {
    strip,
    onPointerDown: (event) => {
      const share = shareAt(event);
      const inside = share > left && share < right && !isWhole;
      drag.current = { fromShare: share, window: inside ? window : null, moved: false };
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerMove: (event) => {
      const start = drag.current;
      if (start === null) return;
      const share = shareAt(event);
      start.moved ||= Math.abs(share - start.fromShare) > dragShareMin;
      if (!start.moved) return;
      if (start.window !== null)
        return control.show(pan(start.window, (share - start.fromShare) * (whole.toAt - whole.fromAt), whole));
      const [from, to] = [Math.min(share, start.fromShare), Math.max(share, start.fromShare)];
      control.show({ fromAt: timeAt(whole, from), toAt: timeAt(whole, to) });
    },
    onPointerUp: () => {
      const start = drag.current;
      drag.current = null;
      if (start === null || start.moved || start.window !== null || isWhole) return;
      control.show(centred(window, timeAt(whole, start.fromShare), whole));
    },
    onPointerCancel: () => {
      drag.current = null;
    },
  };
}

const phases: readonly OverviewPhase[] = ['receive', 'train', 'send', 'evaluate', 'paused'];

interface StripProps {
  readonly participants: readonly ParticipantView[];
  readonly whole: TimeWindow;
  readonly now: number;
}

/** Participants change with every progress report; once a second is enough for a strip this small. */
const Strip = memo(
  function Strip({ participants, whole, now }: StripProps): JSX.Element {
    return <StripPaths {...overviewPaths(participants, whole, now)} />;
  },
  (a, b) => a.now === b.now && a.whole === b.whole && a.participants.length === b.participants.length,
);

const StripPaths = memo(function StripPaths(paths: Readonly<Record<OverviewPhase, string>>): JSX.Element {
  return (
    <svg viewBox={`0 0 ${field.width} ${field.height}`} preserveAspectRatio="none">
      {phases.map((phase) => (
        <path key={phase} d={paths[phase]} className={`ovp ${phase}`} />
      ))}
    </svg>
  );
});

const RoundMarks = memo(function RoundMarks({
  rounds,
  whole,
  width,
  until,
}: {
  readonly rounds: readonly RoundView[];
  readonly whole: TimeWindow;
  readonly width: number;
  readonly until: number;
}): JSX.Element {
  const scale = useTokenPx('--k');
  return (
    <>
      {roundMarks(rounds, whole, { widthPx: width, scale, until }).map((mark) => (
        <div key={mark.round} className="ovr" style={{ left: `${mark.left * 100}%` }}>
          <em>{mark.round}</em>
        </div>
      ))}
    </>
  );
});
