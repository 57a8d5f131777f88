import { isStale } from '#renderer/session/session.ts';
import { formatCount } from '#shared/base/text/counted.ts';
import { useState } from 'react';
import type { JSX } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { copyText } from '#renderer/components/copy-text.ts';
import { formatClock, formatClockMs, formatDuration, formatSeconds } from '#renderer/components/words/format.ts';
import { injectedWords } from '#renderer/components/words/fault-words.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { IncompleteLine } from '#renderer/components/incomplete-line.tsx';
import { coordinatorSilentWords } from '#renderer/components/words/trouble-words.ts';
import { verdictReport } from '#renderer/components/words/verdict-report.ts';
import { useNow, useRunView, useSessionState } from '#renderer/session/hooks.ts';
import { navigate } from '#renderer/session/navigation.ts';
import type { Silence } from '#renderer/session/run/seat-link.ts';
import { showInfo } from '#renderer/session/toasts.ts';
import { noVerdictWords, silenceNow } from '#renderer/session/run/trouble.ts';
import { nextOf } from '#renderer/session/run/verdicts.ts';
import { coordinatorId } from '#shared/contract/ids.ts';
import type { RunView, VerdictView } from '#shared/run-view/run-view.ts';
import { ClockTable } from './clock-table.tsx';
import { MessageList } from './message-list.tsx';
import { placeOf } from './evidence-place.ts';
import './diagnosis.css';

/** The verdicts with what they rest on, and the clocks that the rules watch. */
export function DiagnosisView(): JSX.Element {
  const view = useRunView((whole) => whole);
  const [chosen, setChosen] = useState<string | null>(null);
  const now = useNow(1000);
  if (view === null) return <main />;
  const verdicts = view.verdicts.toReversed();
  const silence = silenceNow(view, now);
  const verdict = verdicts.find((one) => one.verdict === chosen) ?? firstShown(verdicts, silence);
  return (
    <main className="diagnosis">
      {verdict !== null ? (
        <VerdictPanel view={view} verdict={verdict} />
      ) : silence !== null ? (
        <SilencePanel view={view} silence={silence} now={now} />
      ) : (
        <NoVerdict view={view} now={now} />
      )}
      <section className="panel p-clocks" aria-label="Clocks">
        <ClockTable view={view} />
      </section>
      <section className="panel p-history" aria-label="Verdicts so far">
        <div className="ph">
          <h2>Verdicts so far</h2>
          <span className="sub">{verdicts.length === 0 ? 'none in this run' : `${verdicts.length} in this run`}</span>
        </div>
        {verdicts.length > 0 ? (
          <History verdicts={verdicts} shown={verdict} ended={view.endedAt} onChoose={setChosen} />
        ) : (
          <p className="none t2">
            {view.endedAt === null
              ? 'Each verdict stays listed here, also once its cause is over.'
              : 'No rule named anything while the run went on.'}
          </p>
        )}
        {view.notices.length > 0 && (
          <>
            <div className="ph">
              <h2>Messages</h2>
              <span className="sub">{formatCount(view.notices.length)} of this run</span>
            </div>
            {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key */}
            <div className="scroll" tabIndex={0} role="region" aria-label="Messages, newest first">
              <MessageList notices={view.notices} />
            </div>
          </>
        )}
      </section>
    </main>
  );
}

/** What a banner says comes first: the verdict of a silent coordinator, or the silence itself until there is one. */
function firstShown(newestFirst: readonly VerdictView[], silence: Silence | null): VerdictView | null {
  const open = newestFirst.filter(({ clearedAt }) => clearedAt === null);
  if (silence !== null) return open.findLast(({ subject }) => subject === coordinatorId) ?? null;
  return open.at(-1) ?? newestFirst[0] ?? null;
}

/** In the seconds of a silence in which no rule has spoken yet. */
function SilencePanel({
  view,
  silence,
  now,
}: {
  readonly view: RunView;
  readonly silence: Silence;
  readonly now: number;
}): JSX.Element {
  return (
    <section className="panel p-verdict" aria-label="Verdict">
      <div className="ph">
        <h2>Coordinator silent</h2>
        <span className="sub">no verdict yet</span>
      </div>
      <IncompleteLine losses={view.losses} />
      <div className="scroll in">
        <div className="sec">
          <p className="sentence">{coordinatorSilentWords(silence.heardAt, now)}</p>
          <p className="t2">
            The verdict with its evidence stands here as soon as a rule names the cause. What is tried, and what is
            kept, stands in Rounds.
          </p>
        </div>
      </div>
    </section>
  );
}

function NoVerdict({ view, now }: { readonly view: RunView; readonly now: number }): JSX.Element {
  const gone = useSessionState(({ connection }) => isStale(connection));
  return (
    <section className="panel p-verdict" aria-label="Verdict">
      <div className="ph">
        <h2>No verdict</h2>
        <span className="sub">
          {gone && 'when this window was last told: '}
          {noVerdictWords(view, now)}
        </span>
      </div>
      <IncompleteLine losses={view.losses} />
      <p className="nothing">
        When a link, a process or the training of somebody is silent for longer than it may, the reason stands here in
        one sentence, with the packets and events that show it.
      </p>
    </section>
  );
}

function VerdictPanel({ view, verdict }: { readonly view: RunView; readonly verdict: VerdictView }): JSX.Element {
  const app = useSessionState((state) => state.app);
  const copy = async (): Promise<void> => {
    showInfo(
      (await copyText(verdictReport(view, verdict, nextOf(view, verdict), app)))
        ? 'Report copied'
        : 'The clipboard is not available here; select the text instead.',
    );
  };
  return (
    <section className="panel p-verdict" aria-label="Verdict">
      <div className="ph">
        <h2>{verdict.clearedAt === null ? 'Verdict' : 'Verdict, cleared'}</h2>
        <span className="sub">rule {verdict.rule}</span>
        <div className="end">
          <button type="button" className="btn sm" onClick={() => spawn('copying', copy())}>
            <Icon name="copy" as="small" />
            Copy report
          </button>
        </div>
      </div>
      <IncompleteLine losses={view.losses} />
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key */}
      <div className="scroll in" tabIndex={0} role="region" aria-label="Verdict and its evidence">
        <div className="sec">
          <p className="sentence">{verdict.sentence}</p>
          <p className="t2">{verdict.explanation}</p>
          <Facts view={view} verdict={verdict} />
        </div>
        <div className="sec">
          <h3>
            Evidence{' '}
            <span className="t3">
              {verdict.evidence.length === 1 ? '1 packet or event' : `${verdict.evidence.length} packets and events`},
              in order of time
            </span>
          </h3>
          <ol className="evidence">
            {verdict.evidence.map((evidence) => (
              <li key={`${evidence.ref} ${evidence.at}`}>
                <button type="button" onClick={() => navigate(placeOf(evidence, verdict))}>
                  <span className="data">{formatClockMs(evidence.at)}</span>
                  <span className="say">{evidence.text}</span>
                  <span className="data t3">{evidence.ref}</span>
                  <Icon name="right" as="small" />
                </button>
              </li>
            ))}
          </ol>
        </div>
      </div>
    </section>
  );
}

function Facts({ view, verdict }: { readonly view: RunView; readonly verdict: VerdictView }): JSX.Element {
  const next = nextOf(view, verdict);
  return (
    <dl className="kvl">
      <dt>Layer</dt>
      <dd>
        {verdict.layer}, {verdict.subject}
      </dd>
      <dt>Since</dt>
      <dd>
        {formatClock(verdict.since)}, found after {formatDuration(verdict.detectedAfterMs)}
      </dd>
      {verdict.clearedAt === null && view.endedAt === null && (
        <>
          <dt>Next</dt>
          <dd>
            {next.action || 'nothing by itself'}
            {next.at > 0 && <NextAt at={next.at} />}
          </dd>
        </>
      )}
      {verdict.history !== undefined && verdict.history.length > 0 && (
        <>
          <dt>Then</dt>
          <dd>
            <ol className="outlived">
              {verdict.history.map((entry) => (
                <li key={`${entry.at} ${entry.text}`}>
                  <span className="data">{formatClock(entry.at)}</span> {entry.text}
                </li>
              ))}
            </ol>
          </dd>
        </>
      )}
      {verdict.injected !== undefined && (
        <>
          <dt>Injected</dt>
          <dd>
            <span className="tag fault">
              <Icon name="fault" as="small" />
              {injectedWords(verdict.injected)}
            </span>
          </dd>
        </>
      )}
      {verdict.clearedAt !== null && (
        <>
          <dt>Cleared</dt>
          <dd>
            {formatClock(verdict.clearedAt)}, {verdict.clearedBecause}
          </dd>
        </>
      )}
    </dl>
  );
}

function NextAt({ at }: { readonly at: number }): JSX.Element {
  const now = useNow(1000);
  return (
    <>
      {' '}
      at {formatClock(at)}
      {at > now && (
        <>
          , in <b>{formatSeconds(at - now)}</b>
        </>
      )}
    </>
  );
}

interface HistoryProps {
  readonly verdicts: readonly VerdictView[];
  readonly shown: VerdictView | null;
  /** When the run was over. */
  readonly ended: number | null;
  readonly onChoose: (verdict: string) => void;
}

function History({ verdicts, shown, ended, onChoose }: HistoryProps): JSX.Element {
  const now = useNow(1000);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key
    <div className="scroll" tabIndex={0} role="region" aria-label="List of verdicts">
      <table>
        <thead>
          <tr>
            <th>At</th>
            <th>Verdict</th>
            <th className="num">Lasted</th>
            <th>State</th>
          </tr>
        </thead>
        <tbody>
          {verdicts.map((verdict) => (
            <tr key={verdict.verdict} className={verdict === shown ? 'sel' : ''}>
              <td className="data">{formatClock(verdict.at)}</td>
              <td>
                <button
                  type="button"
                  className="row-open"
                  aria-pressed={verdict === shown}
                  onClick={() => onChoose(verdict.verdict)}
                >
                  {verdict.sentence}
                </button>
              </td>
              <td className="num">{formatSeconds((verdict.clearedAt ?? ended ?? now) - verdict.since)}</td>
              <td>
                {verdict.clearedAt !== null ? (
                  'cleared'
                ) : (
                  <span className="stl">{ended === null ? 'open' : 'to the end'}</span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
