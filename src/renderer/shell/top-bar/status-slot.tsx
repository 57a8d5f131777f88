import { useMemo } from 'react';
import type { JSX } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { formatClock, formatSeconds } from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { verdictReport } from '#renderer/components/words/verdict-report.ts';
import type { ReportingApp } from '#renderer/components/words/verdict-report.ts';
import { copyText } from '#renderer/components/copy-text.ts';
import { useNow, useRunView, useSessionState, useWallNow } from '#renderer/session/hooks.ts';
import { useKeyMissing } from '#renderer/session/key-missing.ts';
import { navigate } from '#renderer/session/navigation.ts';
import { slowestOf } from '#renderer/session/run/pace.ts';
import { isStale } from '#renderer/session/session.ts';
import type { StaleConnection } from '#renderer/session/session.ts';
import { showInfo } from '#renderer/session/toasts.ts';
import type { Recovery } from '#renderer/session/recovery.ts';
import { troubledLinks } from '#renderer/session/run/trouble.ts';
import { nextOf, openVerdicts } from '#renderer/session/run/verdicts.ts';
import { isOpening, isParticipantSeat } from '#shared/run-view/seat.ts';
import { SeatStatus } from './seat-status.tsx';
import { Line } from './status-line.tsx';
import { Accuracy, OwnNode } from './status-parts.tsx';
import { NextSteps } from './next-steps.tsx';
import { Recovered, useRecovery } from './recovered.tsx';
import { RunMessages } from './run-messages.tsx';
import { faultFigure, faultInWords, injectedWords } from '#renderer/components/words/fault-words.ts';
import { isHere } from '#shared/run-view/apply/apply-process.ts';
import type { RunView, VerdictView } from '#shared/run-view/run-view.ts';

/** How long the slot says that the service came back. */
const restoredShownMs = 10_000;

/** One place for all news: the service is gone, a verdict, or the healthy line. */
export function StatusSlot(): JSX.Element {
  const connection = useSessionState((state) => state.connection);
  const view = useRunView((whole) => whole);
  const verdict = view === null ? null : (openVerdicts(view)[0] ?? null);
  const recovery = useRecovery(view);
  return (
    <section className="slot" aria-label="Status">
      {isStale(connection) && <StaleLine connection={connection} />}
      {connection.kind === 'ready' && connection.restored && <RestoredLine since={connection.since} />}
      {!isStale(connection) &&
        (view !== null && isParticipantSeat(view) ? (
          <SeatStatus view={view} verdict={(open) => <Verdict view={view} verdict={open} />} />
        ) : view !== null && verdict !== null ? (
          <Verdict view={view} verdict={verdict} />
        ) : (
          <StatusLine view={view} recovery={recovery} />
        ))}
    </section>
  );
}

/** The picture stands still at its last news; the one thing that goes on is how old that is. */
function StaleLine({ connection }: { readonly connection: StaleConnection }): JSX.Element {
  const browser = useSessionState((state) => state.app?.mode === 'browser');
  const keyMissing = useKeyMissing();
  const now = useWallNow(1000);
  const silent = connection.kind === 'silent';
  return (
    <div className="status service-gone" title={silent ? '' : connection.reason} data-drops="">
      <span className="vh" role="alert">
        The picture is not updated any more: the service {silent ? 'does not answer' : 'is gone'}.
      </span>
      <span className="wrn">
        <Icon name="warn" />
        <b>Stopped updating {formatSeconds(now - connection.since)} ago.</b>
      </span>
      <span>
        {silent
          ? 'The service does not answer: its process was stopped, or gets no processor. Goes on by itself.'
          : keyMissing
            ? 'It was started again: open its new address, and this tab connects by itself.'
            : `Reconnects by itself.${browser ? ' If you stopped it in the terminal, start it again there.' : ''}`}
      </span>
    </div>
  );
}

function RestoredLine({ since }: { readonly since: number }): JSX.Element | null {
  const now = useNow(1000);
  if (now - since > restoredShownMs) return null;
  return (
    <div className="status restored" role="status" data-drops="">
      <span className="wrn">
        <Icon name="redial" />
        <b>Service restarted</b>
      </span>
      <span>connected again at {formatClock(since)}; the picture below is complete as far as it was recorded</span>
    </div>
  );
}

function Verdict({ view, verdict }: { readonly view: RunView; readonly verdict: VerdictView }): JSX.Element {
  const others = openVerdicts(view).length - 1;
  const over = view.endedAt !== null && view.demo !== null;
  const next = nextOf(view, verdict);
  // News is told to the ear once, in the words that the eye has at that moment.
  const spoken = useMemo(
    () =>
      `${verdict.sentence} Layer: ${verdict.layer}. Next: ${next.action === '' ? 'nothing by itself' : next.action}.`,
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- another verdict is other news; its figures are not
    [verdict.verdict],
  );
  const app = useSessionState((state) => state.app);
  return (
    <section className="verdict" aria-label="Current verdict">
      <span className="vh" role="alert">
        {spoken}
      </span>
      <svg className="i ic" viewBox="0 0 16 16" aria-hidden="true">
        <path d="M5 1.3h6L14.7 5v6L11 14.7H5L1.3 11V5zM8 4.5v4.5M8 11.3v.1" />
      </svg>
      <div>
        <div className="say">{verdict.sentence}</div>
        <VerdictFacts verdict={verdict} next={next} others={others} ended={view.endedAt} />
      </div>
      <div className={over ? 'acts two' : 'acts'}>
        <button type="button" className="btn pri" onClick={() => navigate({ view: 'diagnosis' })}>
          Show evidence{' '}
          <span className="key" aria-hidden="true">
            E
          </span>
        </button>
        <button
          type="button"
          className="btn"
          onClick={() => spawn('copying the report', copyReport(view, verdict, app))}
        >
          Copy report
        </button>
        {over && <NextSteps settings={view.demo} brief />}
      </div>
    </section>
  );
}

function VerdictFacts({
  verdict,
  next,
  others,
  ended,
}: {
  readonly verdict: VerdictView;
  readonly next: { readonly action: string; readonly at: number };
  readonly others: number;
  readonly ended: number | null;
}): JSX.Element {
  const now = useNow(1000);
  const until = ended ?? now;
  const left = next.at - now;
  return (
    <div className="facts">
      <span className="f">
        <i>Layer</i>
        {verdict.layer}, {verdict.subject}
      </span>
      <span className="f">
        <i>Since</i>
        {formatClock(verdict.since)}, {ended === null ? 'for' : 'until the end,'} {formatSeconds(until - verdict.since)}
      </span>
      {ended === null && next.action !== '' && (
        <span className="f">
          <i>Next</i>
          {next.action}
          {left > 0 && (
            <>
              {' '}
              in <b>{formatSeconds(left)}</b>
            </>
          )}
        </span>
      )}
      {verdict.injected !== undefined && (
        <span className="tag fault">
          <Icon name="fault" as="small" />
          injected fault: {injectedWords(verdict.injected)}
        </span>
      )}
      {others > 0 && <span className="f">and {others} more</span>}
    </div>
  );
}

export async function copyReport(view: RunView, verdict: VerdictView, app: ReportingApp | null): Promise<void> {
  const copied = await copyText(verdictReport(view, verdict, nextOf(view, verdict), app));
  showInfo(copied ? 'Report copied' : 'The clipboard is not available here; the report stands under Diagnosis.');
}

interface LineProps<V> {
  readonly view: V;
  readonly recovery: Recovery | null;
}

function StatusLine({ view, recovery }: LineProps<RunView | null>): JSX.Element {
  const connecting = useSessionState((state) => state.app === null);
  if (view === null) {
    return (
      <div className="status" role="status">
        <span>
          {connecting
            ? 'Connecting to the service'
            : 'Ready. Nothing leaves this machine before you join or coordinate a run.'}
        </span>
      </div>
    );
  }
  if (isOpening(view)) {
    return (
      <div className="status">
        <span>Getting ready</span>
      </div>
    );
  }
  return view.endedAt === null ? <RunningLine view={view} recovery={recovery} /> : <EndedLine view={view} />;
}

function RunningLine({ view, recovery }: LineProps<RunView>): JSX.Element {
  const own = view.participants.find((participant) => participant.id === view.self);
  const now = useNow(1000);
  const slowest = slowestOf(view, now);
  const trouble = troubledLinks(view);
  return (
    <Line
      head={
        <span className="okc">
          <Icon name="check" />
          <b>No stall</b>
        </span>
      }
    >
      <Recovered last={recovery} now={now} />
      <FaultTag view={view} />
      <RunMessages view={view} />
      {own !== undefined && <OwnNode own={own} />}
      {trouble.length > 0 && (
        <span>
          Link of <b>{trouble[0]?.id}</b> {trouble[0]?.link.state}
          {trouble.length > 1 && ` and ${trouble.length - 1} more`}
        </span>
      )}
      {slowest !== null && (
        <span className="w-lg">
          Slowest is <b>{slowest.participant.id}</b>,{' '}
          {slowest.leftMs < 500 ? 'nearly done' : `about ${formatSeconds(slowest.leftMs)} of training left`}
        </span>
      )}
      <Accuracy view={view} />
      <SignsOfLife view={view} now={now} />
    </Line>
  );
}

function EndedLine({ view }: { readonly view: RunView }): JSX.Element {
  const good = view.status === 'completed';
  return (
    <Line
      head={
        <span className={good ? 'okc' : 'wrn'}>
          <Icon name={good ? 'check' : 'warn'} />
          <b>{good ? 'Completed' : view.status === 'interrupted' ? 'Stopped' : `Ended, ${view.status}`}</b>
        </span>
      }
      {...(view.demo === null ? {} : { acts: <NextSteps settings={view.demo} /> })}
    >
      {view.endReason !== '' && <span>{view.endReason}</span>}
      <Accuracy view={view} />
      <RunMessages view={view} />
    </Line>
  );
}

function FaultTag({ view }: { readonly view: RunView }): JSX.Element | null {
  const active = view.faults.filter((fault) => fault.state === 'active');
  const armed = view.faults.filter((fault) => fault.state === 'armed');
  if (active.length + armed.length === 0) return null;
  const [first] = active;
  const words =
    first === undefined
      ? `${armed.length} armed for round ${armed[0]?.round}`
      : active.length === 1
        ? `injected fault: ${faultInWords(first.fault)} on ${first.participant}${faultFigure(first, view.networks)}`
        : `${active.length} injected faults`;
  return (
    <span className="tag fault">
      <Icon name="fault" as="small" />
      {words}
    </span>
  );
}

function SignsOfLife({ view, now }: { readonly view: RunView; readonly now: number }): JSX.Element | null {
  const here = view.participants.filter(isHere);
  if (here.length === 0) return null;
  const own = here.find((participant) => participant.id === view.self);
  const latest = (pick: (one: (typeof here)[number]) => number): string => {
    const at = own === undefined ? Math.max(...here.map(pick)) : pick(own);
    return at === 0 ? '–' : `${(Math.max(0, now - at) / 1000).toFixed(1)} s`;
  };
  return (
    <span className="end w-lg t3">
      last sign of life: link {latest((one) => one.lastLinkAt)} · process {latest((one) => one.lastProcessAt)} ·
      progress {latest((one) => one.lastProgressAt)}
    </span>
  );
}
