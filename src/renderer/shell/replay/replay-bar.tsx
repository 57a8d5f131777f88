import { useCallback, useMemo, useRef, useState } from 'react';
import type { JSX } from 'react';
import { toErrorReport } from '#shared/base/errors.ts';
import type { RecordingMarks, RecordingState } from '#shared/contract/app/source.ts';
import { formatClock, formatDuration } from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { Keys } from '#renderer/components/keys.tsx';
import { useRunView, useSession } from '#renderer/session/hooks.ts';
import { navigate } from '#renderer/session/navigation.ts';
import { useRecordingActions } from '#renderer/session/recordings/recordings.ts';
import { useLiveRequest } from '#renderer/session/run/use-live-request.ts';
import { showError } from '#renderer/session/toasts.ts';
import { openVerdicts } from '#renderer/session/run/verdicts.ts';
import { replayKeys, speeds } from '../commands/replay-commands.ts';
import { drawnMarks } from './scrubber-marks.ts';
import './replay-bar.css';

/** In place of the status: that this is the past, which moment of it, and how to move in it. */
export function ReplayBar({ recording }: { readonly recording: RecordingState }): JSX.Element {
  return (
    <section className="slot replay-bar" aria-label="Recording">
      <Band recording={recording} />
      <Transport recording={recording} />
      <Scrubber key={recording.path} recording={recording} />
      <Then />
    </section>
  );
}

function Band({ recording }: { readonly recording: RecordingState }): JSX.Element {
  const { path, from, to, ending, fault, behind, reading } = recording;
  return (
    <div className="rb-band">
      <Icon name="file" />
      <b>Recording</b>
      <span className="data" title={path}>
        {fileName(path)}
      </span>
      <span>
        {dateOf(from)}, {formatClock(from)} to {formatClock(to)}
      </span>
      <span className="rb-end" role="status" title={ending}>
        {fault !== null ? (
          <b className="rb-fault">{fault.message}</b>
        ) : reading ? (
          'Reading'
        ) : behind !== null ? (
          `${behind.name} goes on meanwhile`
        ) : (
          ending
        )}
      </span>
    </div>
  );
}

function Transport({ recording }: { readonly recording: RecordingState }): JSX.Element {
  const { playing, speed, clock, from, to, fault } = recording;
  const { play, step } = useRecordingActions();
  const [back, on] = replayKeys.round;
  return (
    <div className="rb-row">
      <button type="button" className="btn" title={`Previous round (${back})`} onClick={() => step('round', false)}>
        <span className="rb-back">
          <Icon name="skip" />
        </span>
        <span className="vh">Previous round</span>
      </button>
      <button type="button" className="btn pri rb-play" disabled={fault !== null} onClick={() => play(!playing)}>
        <Icon name={playing ? 'pause' : 'demo'} />
        {playing ? 'Pause' : 'Play'} <Keys of="Space" />
      </button>
      <button type="button" className="btn" title={`Next round (${on})`} onClick={() => step('round', true)}>
        <Icon name="skip" />
        <span className="vh">Next round</span>
      </button>
      <span className="seg-ctl" role="group" aria-label="Speed">
        {speeds.map((one) => (
          <button type="button" key={one} aria-pressed={one === speed} onClick={() => play(playing, one)}>
            {one}×
          </button>
        ))}
      </span>
      <span className="rb-time">
        <b>{formatClock(clock.at)}</b>
        <span className="t2">
          {formatDuration(clock.at - from)} of {formatDuration(to - from)}
        </span>
      </span>
      <span className="rb-steps">
        <StepButtons label="event" keys={replayKeys.event} onStep={(forward) => step('event', forward)} />
        <StepButtons label="verdict" keys={replayKeys.verdict} onStep={(forward) => step('verdict', forward)} />
      </span>
    </div>
  );
}

interface StepButtonsProps {
  readonly label: string;
  readonly keys: readonly [string, string];
  readonly onStep: (forward: boolean) => void;
}

function StepButtons({ label, keys, onStep }: StepButtonsProps): JSX.Element {
  return (
    <span className="rb-step" role="group" aria-label={`Steps by ${label}`}>
      <button type="button" className="btn sm" title={`Previous ${label} (${keys[0]})`} onClick={() => onStep(false)}>
        ‹<span className="vh">Previous {label}</span>
      </button>
      <span className="t2">{label}</span>
      <button type="button" className="btn sm" title={`Next ${label} (${keys[1]})`} onClick={() => onStep(true)}>
        ›<span className="vh">Next {label}</span>
      </button>
    </span>
  );
}

const noMarks: RecordingMarks = { rounds: [], verdicts: [], faults: [], dropped: 0 };
const nothingAsked = {};

function Scrubber({ recording }: { readonly recording: RecordingState }): JSX.Element {
  const { from, to, clock } = recording;
  const { value } = useLiveRequest('recording_marks', nothingAsked, 0);
  const drawn = useMemo(() => drawnMarks(value ?? noMarks, { from, to }), [value, from, to]);
  const { wanted, seek } = useSeek();
  const at = wanted ?? clock.at;
  return (
    <div className="rb-scrub">
      <div className="rb-track" aria-hidden="true">
        {drawn.rounds.map(({ left, label }) => (
          <i key={`r${left}`} className="rb-round" style={{ left: `${left}%` }}>
            {label}
          </i>
        ))}
        {drawn.faults.map(({ left, width, title }) => (
          <i
            key={`f${left}${title}`}
            className="rb-flt"
            title={title}
            style={{ left: `${left}%`, width: `${width}%` }}
          />
        ))}
        {drawn.verdicts.map(({ left, width, title }) => (
          <i
            key={`v${left}${title}`}
            className="rb-vrd"
            title={title}
            style={{ left: `${left}%`, width: `${width}%` }}
          />
        ))}
        <i className="rb-played" style={{ width: `${to === from ? 100 : ((at - from) / (to - from)) * 100}%` }} />
      </div>
      <input
        type="range"
        aria-label="Moment of the recording"
        aria-valuetext={formatClock(at)}
        min={from}
        max={to}
        step="any"
        value={at}
        onChange={(event) => seek(Number(event.target.value))}
      />
    </div>
  );
}

/** One question at a time, so that a hand that drags is never ahead by more than one answer; `wanted` until it came. */
function useSeek(): { readonly wanted: number | null; readonly seek: (at: number) => void } {
  const session = useSession();
  const [wanted, setWanted] = useState<number | null>(null);
  const next = useRef<number | null>(null);
  const busy = useRef(false);
  const seek = useCallback(
    (at: number) => {
      setWanted(at);
      next.current = at;
      if (busy.current) return;
      const ask = (): void => {
        const target = next.current;
        next.current = null;
        busy.current = target !== null;
        if (target === null) return setWanted(null);
        session.request('seek', { at: target }).then(ask, (error: unknown) => {
          busy.current = false;
          setWanted(null);
          showError(toErrorReport(error));
        });
      };
      ask();
    },
    [session],
  );
  return { wanted, seek };
}

/** What the diagnosis said then, in one line. */
function Then(): JSX.Element | null {
  const verdict = useRunView((view) => openVerdicts(view)[0] ?? null);
  const others = (useRunView((view) => openVerdicts(view).length) ?? 0) - 1;
  if (verdict === null) return null;
  return (
    <div className="rb-then">
      <Icon name="stop" />
      <span className="rb-say">
        <b>Then:</b> {verdict.sentence}
        {others > 0 && ` And ${others} more.`}
      </span>
      <span className="t2">since {formatClock(verdict.since)}</span>
      <button type="button" className="btn sm" onClick={() => navigate({ view: 'diagnosis' })}>
        Show evidence <Keys of="e" />
      </button>
    </div>
  );
}

function fileName(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? path;
}

/** `4 Jan 2026`, on this machine's calendar. */
function dateOf(at: number): string {
  return new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
}
