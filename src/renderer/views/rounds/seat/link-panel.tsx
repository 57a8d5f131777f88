import type { JSX } from 'react';
import {
  formatBytes,
  formatClock,
  formatDuration,
  formatSeconds,
  formatSilence,
  shortHash,
} from '#renderer/components/words/format.ts';
import { copyText } from '#renderer/components/copy-text.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import { useNow } from '#renderer/session/hooks.ts';
import { navigate } from '#renderer/session/navigation.ts';
import type { Attempt, Silence } from '#renderer/session/run/seat-link.ts';
import { useShowsRecording } from '#renderer/session/recordings/recordings.ts';
import { useSeatActions } from '#renderer/session/run/seat-actions.ts';
import { showInfo } from '#renderer/session/toasts.ts';
import { counted } from '#shared/base/text/counted.ts';
import { spawn } from '#shared/base/spawn.ts';
import { carrierOf } from '#shared/contract/protocols.ts';
import type { ContributionView, RunView } from '#shared/run-view/run-view.ts';
import { packetFilter } from '../packet-filter.ts';

interface LinkPanelProps {
  readonly view: RunView;
  readonly silence: Silence;
  readonly onClose: () => void;
}

/** What is known of the link while the coordinator is silent, what is kept, and every try to reach it. */
export function LinkPanel({ view, silence, onClose }: LinkPanelProps): JSX.Element {
  const host = hostOf(silence.attempts.at(-1)?.address ?? '');
  return (
    <section className="panel p-detail p-link" aria-label="Link to the coordinator">
      <div className="ph">
        <h2>Link to the coordinator</h2>
        <span className="sub data">{host}</span>
        <div className="end">
          <button type="button" className="btn ghost sm" aria-label="Close" title="Close (Esc)" onClick={onClose}>
            <Icon name="close" />
          </button>
        </div>
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key */}
      <div className="scroll in" tabIndex={0} role="region" aria-label="State of the link">
        <Figures silence={silence} />
        <Kept view={view} />
        <Unknown view={view} silence={silence} />
        <Tries silence={silence} />
      </div>
      <div className="acts-b">
        <button
          type="button"
          className="btn"
          onClick={() => navigate({ view: 'packets', filter: packetFilter(view.round, null) })}
        >
          Its last packets{' '}
          <span className="key" aria-hidden="true">
            P
          </span>
        </button>
        <button
          type="button"
          className="btn end"
          onClick={() => spawn('copying the report', copyReport(view, silence))}
        >
          Copy report
        </button>
      </div>
    </section>
  );
}

function Figures({ silence }: { readonly silence: Silence }): JSX.Element {
  const now = useNow(1000);
  const { heardAt, attempts, nextAt, givesUpAt } = silence;
  // When it will be dialed, and until when, is told with the first try.
  const begun = attempts.length > 0;
  const trying = attempts.at(-1)?.result === 'trying';
  return (
    <div className="sec figs">
      <div className="x">
        last heard<b>{formatSilence(now - heardAt)} ago</b>
      </div>
      <div>
        tries<b>{attempts.length}</b>
      </div>
      <div>
        next try
        <b>{!begun ? 'not begun' : trying ? 'now' : nextAt === 0 ? 'not told' : `in ${formatSeconds(nextAt - now)}`}</b>
      </div>
      <div className="w-lg w-projx">
        gives up<b>{!begun ? 'not begun' : givesUpAt === 0 ? 'never' : formatSeconds(givesUpAt - now)}</b>
      </div>
    </div>
  );
}

function Kept({ view }: { readonly view: RunView }): JSX.Element | null {
  const work = view.contributions.findLast(({ outcome }) => outcome === 'kept' || outcome === 'sent');
  return (
    <div className="sec">
      <h3>
        <Icon name="file" /> Kept on this machine
      </h3>
      {work === undefined ? (
        <p className="t2">No update waits to be sent. The session is kept, and goes on where it was.</p>
      ) : (
        <KeptUpdate work={work} />
      )}
    </div>
  );
}

function KeptUpdate({ work }: { readonly work: ContributionView }): JSX.Element {
  return (
    <dl className="kvl">
      <dt>Update</dt>
      <dd>
        round {work.round}
        {work.trainMs !== null && `, trained in ${formatDuration(work.trainMs)}`}
        {work.sizeBytes !== null && (
          <>
            , <b>{formatBytes(work.sizeBytes)}</b>
          </>
        )}
      </dd>
      <dt className="w-lg">Model</dt>
      <dd className="data w-lg" title={work.modelHash}>
        {shortHash(work.modelHash)}
      </dd>
      <dt>When it is back</dt>
      <dd>sent then, counts at most once</dd>
      <dt>If round {work.round} closed</dt>
      <dd>
        late, not counted<span className="w-lg">; goes on with the next</span>
      </dd>
    </dl>
  );
}

function Unknown({ view, silence }: { readonly view: RunView; readonly silence: Silence }): JSX.Element {
  const round = view.rounds.at(-1);
  const carriers = new Set(silence.attempts.map(({ stack }) => carrierOf(stack)));
  const refused = silence.attempts.findLast(({ result }) => result === 'refused' || result === 'failed');
  const why =
    refused !== undefined
      ? firstSentence(refused.reason)
      : carriers.size > 1
        ? 'Whether it is off, restarting or cut off from this network: both ways stay silent, so it can’t be told from here.'
        : 'Whether it is off, restarting or cut off from this network can’t be told from here.';
  return (
    <div className="sec">
      <h3>What is not known here</h3>
      <p>
        {round?.endedAt === null &&
          `${round.arrivals.length} of ${counted(round.selected.length, 'update')} ${round.selected.length === 1 ? 'was' : 'were'} in when it was last heard. `}
        {why}
      </p>
    </div>
  );
}

const results: Readonly<Record<Attempt['result'], string>> = {
  trying: 'under way',
  connected: 'connected',
  no_answer: 'no answer',
  refused: 'refused',
  failed: 'failed',
};

function Tries({ silence }: { readonly silence: Silence }): JSX.Element {
  const now = useNow(1000);
  const { tryNow } = useSeatActions();
  const recording = useShowsRecording();
  const { attempts, nextAt } = silence;
  const waiting = attempts.at(-1)?.result !== 'trying' && nextAt > now;
  return (
    <div className="sec tr-sec">
      <h3>
        Tries <span className="t3">{pausesWords(attempts)}</span>
        {!recording && (
          <span className="end">
            <button type="button" className="btn sm" onClick={tryNow} disabled={!waiting}>
              Try now{' '}
              <span className="key" aria-hidden="true">
                R
              </span>
            </button>
          </span>
        )}
      </h3>
      <table className="tr-t">
        <thead>
          <tr>
            <th className="num">#</th>
            <th>At</th>
            <th className="c-over">Over</th>
            <th className="c-proto">Protocol</th>
            <th className="c-port">Port</th>
            <th>Result</th>
          </tr>
        </thead>
        <tbody>
          {waiting && (
            <tr className="sel">
              <td className="num">{(attempts.at(-1)?.number ?? 0) + 1}</td>
              <td className="data">{formatClock(nextAt)}</td>
              <td className="c-over" />
              <td className="c-proto" />
              <td className="c-port" />
              <td>
                <b>in {formatSeconds(nextAt - now)}</b>
              </td>
            </tr>
          )}
          {attempts.toReversed().map((attempt) => (
            <tr key={attempt.number} className={attempt.result === 'trying' ? 'sel' : ''}>
              <td className="num">{attempt.number}</td>
              <td className="data">{formatClock(attempt.at)}</td>
              <td className="c-over">{carrierOf(attempt.stack)}</td>
              <td className="c-proto">
                <span className="proto">
                  <ProtocolMark protocol={attempt.protocol} />
                </span>
              </td>
              <td className="data c-port">{portOf(attempt.address)}</td>
              <td title={attempt.reason}>{resultWords(attempt)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {attempts.length === 0 && <p className="t2">None yet: the session is still open, and silent.</p>}
    </div>
  );
}

/** A few words for a row; the whole reason is in its title and in the report. */
function resultWords({ result, reason }: Attempt): string {
  const within = result === 'no_answer' ? /\b[\d.]+ s\b/.exec(reason)?.[0] : undefined;
  if (reason.startsWith('Nothing listens')) return 'nothing listens';
  return within === undefined ? results[result] : `${results[result]} in ${within}`;
}

/** What happened, without what to try: trying goes on by itself. */
function firstSentence(reason: string): string {
  const first = reason.split('. ')[0] ?? '';
  const sentence = `${first.slice(0, 1).toUpperCase()}${first.slice(1)}`;
  return /[.?!]$/.test(sentence) ? sentence : `${sentence}.`;
}

function pausesWords(attempts: readonly Attempt[]): string {
  const gaps = attempts.slice(1).map((attempt, i) => attempt.at - (attempts[i] as Attempt).at);
  const longest = Math.max(0, ...gaps);
  return gaps.length < 2 ? '' : `up to ${formatSeconds(longest)} apart`;
}

function hostOf(address: string): string {
  return address.replace(/:\d+$/, '');
}

function portOf(address: string): string {
  return /:(\d+)$/.exec(address)?.[1] ?? '';
}

async function copyReport(view: RunView, { heardAt, attempts }: Silence): Promise<void> {
  const lines = [
    `Run ${view.run} (${view.name}), participant ${view.self}, Roundscope`,
    `The coordinator was last heard at ${formatClock(heardAt)}.`,
    ...attempts.map(
      (one) =>
        `${one.number}. ${formatClock(one.at)} ${carrierOf(one.stack)} ${one.protocol} ${one.address}: ${results[one.result]}${one.reason === '' ? '' : `, ${one.reason}`}`,
    ),
  ];
  const copied = await copyText(lines.join('\n'));
  showInfo(copied ? 'Report copied' : 'The clipboard is not available here.');
}
