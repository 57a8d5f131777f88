import { useShortPath } from '#renderer/session/recordings/use-short-path.ts';
import type { JSX } from 'react';
import { formatDuration, formatSeconds } from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { askToEndRun } from '#renderer/session/run/ending.ts';
import { outcomeCounts, lossWords } from '#renderer/session/run/outcome-counts.ts';
import { useNow, useRequest } from '#renderer/session/hooks.ts';
import { navigate } from '#renderer/session/navigation.ts';
import { joinAgain, useSetPaused } from '#renderer/session/run/run-requests.ts';
import { resumeUntil, seatLink } from '#renderer/session/run/seat-link.ts';
import type { SeatLink } from '#renderer/session/run/seat-link.ts';
import { openVerdicts } from '#renderer/session/run/verdicts.ts';
import { plural } from '#shared/base/text/counted.ts';
import { spawn } from '#shared/base/spawn.ts';
import { ownParticipant } from '#shared/run-view/seat.ts';
import type { ParticipantView, RunView, VerdictView } from '#shared/run-view/run-view.ts';
import { GoneBanner } from './gone-banner.tsx';
import { Line } from './status-line.tsx';
import { Accuracy, OwnNode } from './status-parts.tsx';
import { closingWords, endHead, joiningWords, pauseWords, restartingWords } from './seat-words.ts';

interface SeatStatusProps {
  readonly view: RunView;
  /** A verdict as the window shows it from every chair. */
  readonly verdict: (verdict: VerdictView) => JSX.Element;
}

/** The place for news from a participant's chair: the coordinator's silence, a verdict, or one line with what can be done. */
export function SeatStatus({ view, verdict }: SeatStatusProps): JSX.Element {
  const now = useNow(1000);
  const link = seatLink(view, now);
  if (link?.kind === 'silent') return <GoneBanner view={view} silence={link} />;
  // What is told of other things can wait until it is back.
  if (link?.kind === 'restarting') return <RestartingLine note={link.note} />;
  const open = openVerdicts(view)[0];
  if (open !== undefined) return verdict(open);
  if (link === null) return <EndedLine view={view} />;
  if (link.kind === 'joining') return <JoiningLine view={view} link={link} />;
  if (link.kind === 'closing') return <ClosingLine />;
  const own = ownParticipant(view);
  if (own !== undefined && own.paused !== null) return <PausedLine view={view} own={own} since={own.paused.at} />;
  return <RunningLine view={view} own={own} link={link} />;
}

function LeaveButton(): JSX.Element {
  return (
    <button type="button" className="btn sm" onClick={askToEndRun}>
      <Icon name="leave" as="small" />
      Leave…
    </button>
  );
}

function JoiningLine({
  view,
  link,
}: {
  readonly view: RunView;
  readonly link: Extract<SeatLink, { kind: 'joining' }>;
}): JSX.Element {
  const now = useNow(1000);
  const words = joiningWords(view, link, now);
  return (
    <Line
      head={
        <span>
          <Icon name="link" />
          <b>{words.lead}</b>
        </span>
      }
      acts={<LeaveButton />}
    >
      <span>{words.detail}</span>
    </Line>
  );
}

function ClosingLine(): JSX.Element {
  return (
    <Line
      head={
        <span>
          <Icon name="leave" />
          <b>{closingWords.lead}</b>
        </span>
      }
    >
      <span>{closingWords.detail}</span>
    </Line>
  );
}

function RestartingLine({ note }: { readonly note: string }): JSX.Element {
  const { lead, detail } = restartingWords(note);
  return (
    <Line
      head={
        <span className="wrn" title={note}>
          <Icon name="warn" />
          <b>{lead}</b>
        </span>
      }
      acts={<LeaveButton />}
    >
      <span>{detail}</span>
    </Line>
  );
}

function PausedLine({
  view,
  own,
  since,
}: {
  readonly view: RunView;
  readonly own: ParticipantView;
  readonly since: number;
}): JSX.Element {
  const now = useNow(1000);
  const setPaused = useSetPaused();
  const words = pauseWords(view, resumeUntil(view, own), now);
  return (
    <Line
      head={
        <span>
          <Icon name="pause" />
          <b>Paused by you for {formatSeconds(now - since)}</b>
        </span>
      }
      acts={
        <>
          <button type="button" className="btn pri sm" onClick={() => setPaused(false)}>
            <Icon name="demo" as="small" />
            Resume
          </button>
          <LeaveButton />
        </>
      }
    >
      <span>{words.until}</span>
      {words.others !== '' && <span className="w-lg">{words.others}</span>}
    </Line>
  );
}

function RunningLine({
  view,
  own,
  link,
}: {
  readonly view: RunView;
  readonly own: ParticipantView | undefined;
  readonly link: SeatLink;
}): JSX.Element {
  const setPaused = useSetPaused();
  return (
    <Line
      head={<Head view={view} own={own} link={link} />}
      acts={
        <>
          <button type="button" className="btn sm" onClick={() => setPaused(true)}>
            <Icon name="pause" as="small" />
            Pause
          </button>
          <LeaveButton />
        </>
      }
    >
      {own !== undefined && <OwnNode own={own} idle="waits for the first round" />}
      <Counted view={view} />
      <Accuracy view={view} className="w-lg" />
    </Line>
  );
}

function Head({
  view,
  own,
  link,
}: {
  readonly view: RunView;
  readonly own: ParticipantView | undefined;
  readonly link: SeatLink;
}): JSX.Element {
  if (own?.link.state === 'degraded')
    return (
      <span className="wrn" title={own.link.reason}>
        <Icon name="warn" />
        <b>Link degraded: {own.link.reason}</b>
      </span>
    );
  return (
    <span className="okc">
      <Icon name="check" />
      <b>{link.kind === 'back' ? backWords(view, link) : 'No stall'}</b>
    </span>
  );
}

/** What was lost by a silence shows in the outcomes of the rounds that it fell into. */
function backWords(view: RunView, { at, silentMs }: Extract<SeatLink, { kind: 'back' }>): string {
  const from = at - silentMs;
  const lost = view.contributions.filter(
    (one) =>
      (one.outcome === 'missed' || one.outcome === 'refused') &&
      (view.rounds.find(({ round }) => round === one.round)?.endedAt ?? at) >= from,
  );
  const rounds =
    lost.length > 3
      ? `${lost.length} rounds`
      : `${plural(lost.length, 'round')} ${lost.map(({ round }) => round).join(', ')}`;
  const what = lost.length === 0 ? 'nothing lost' : `${rounds} closed without this node`;
  return `Back after ${formatDuration(silentMs)}, ${what}`;
}

function Counted({ view }: { readonly view: RunView }): JSX.Element | null {
  const counts = outcomeCounts(view.contributions);
  if (counts.decided === 0) return null;
  const lost = lossWords(counts);
  return (
    <span>
      Counted{' '}
      <b>
        {counts.counted} of {counts.decided}
      </b>
      {lost !== '' && `, ${lost}`}
    </span>
  );
}

/** How it ended from this chair, where the model is, and the way back. */
function EndedLine({ view }: { readonly view: RunView }): JSX.Element {
  const head = endHead(view);
  const now = useNow(1000);
  const short = useShortPath();
  // Where the model is matters most after a good end, why after any other.
  const reason = head.why !== '' && <span title={head.why}>{head.why}</span>;
  const model = view.models.findLast(({ participant }) => participant === view.self) ?? view.models.at(-1);
  return (
    <Line
      head={
        <span className={head.good ? 'okc' : 'wrn'}>
          <Icon name={head.good ? 'check' : 'warn'} />
          <b>{head.text}</b>
        </span>
      }
      acts={view.status === 'completed' ? null : <JoinAgain run={view.run} />}
    >
      {!head.good && reason}
      <span className="path" title={model?.path}>
        {model === undefined ? (
          modelIsDue(view, now) ? (
            'The model is being written'
          ) : (
            'No model was written here'
          )
        ) : (
          <>
            Model of round {model.round} in <span className="data">{short(model.path)}</span>
          </>
        )}
      </span>
      <Counted view={view} />
      {head.good && reason}
    </Line>
  );
}

/** A model is written once the run is over, which takes a moment. */
function modelIsDue({ endedAt, roundsCompleted }: RunView, now: number): boolean {
  return endedAt !== null && roundsCompleted > 0 && now - endedAt < modelWriteMs;
}

const modelWriteMs = 10_000;

/** Opens the form as this run was joined; where that is not known, an empty one. */
function JoinAgain({ run }: { readonly run: string }): JSX.Element {
  const { send } = useRequest('recent_runs');
  const open = async (): Promise<void> => {
    const known = (await send({}))?.runs.find((one) => one.run === run && one.again !== null);
    if (known === undefined) navigate({ view: 'join' });
    else joinAgain(known);
  };
  return (
    <button type="button" className="btn sm" onClick={() => spawn('joining again', open())}>
      <Icon name="redial" as="small" />
      Join again
    </button>
  );
}
