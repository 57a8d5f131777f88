import { useMemo } from 'react';
import type { JSX } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { plannedRounds } from '#renderer/session/run/planned.ts';
import { isSynthetic } from '#shared/contract/run/bundled-data.ts';
import type { ParticipantView, RunView } from '#shared/run-view/run-view.ts';
import { quoteValue } from '#shared/filter/filter-lexer.ts';
import { downSample } from '#renderer/components/charts/down-sample.ts';
import { formatCount } from '#shared/base/text/counted.ts';
import { formatBytes, formatClock, formatDuration, formatMs } from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { protocolNames } from '#shared/contract/protocols.ts';
import { secrecyOf } from '#shared/contract/app/secrecy.ts';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import { copyText } from '#renderer/components/save.ts';
import { splitOf } from '#renderer/components/charts/time-split.ts';
import type { SplitSeconds } from '#renderer/components/charts/time-split.ts';
import { navigate } from '#renderer/session/navigation.ts';
import { showInfo } from '#renderer/session/toasts.ts';
import { protocolColors } from '#renderer/theme/protocols.ts';
import { ChoiceSection } from './choice-section.tsx';
import { DetailFrame } from './detail-frame.tsx';
import { groupKey, keyWords, quicAccount } from './participant-facts.ts';

interface DetailProps {
  readonly view: RunView;
  readonly participant: ParticipantView;
  readonly now: number;
  readonly onClose: () => void;
}

export function ParticipantDetail({ view, participant, now, onClose }: DetailProps): JSX.Element {
  return (
    <DetailFrame
      participant={participant.id}
      head={
        <>
          <span className="sub">
            <ProtocolMark protocol={participant.protocol} />{' '}
            <span className="t3" title={secrecyOf[participant.protocol].text}>
              {participant.stack}, {secrecyOf[participant.protocol].word}
            </span>
          </span>
          {participant.selected ? (
            <span className="tag ok">
              <Icon name="check" />
              selected
            </span>
          ) : null}
        </>
      }
      acts={
        <>
          <button type="button" className="btn sm" onClick={() => showPackets(participant.id)}>
            Its packets <span className="key">P</span>
          </button>
          <button
            type="button"
            className="btn sm last"
            disabled={participant.key === ''}
            onClick={() =>
              spawn(
                'copying',
                copyText(participant.key).then((done) =>
                  showInfo(done ? `Copied: the key of ${participant.id}` : 'The browser does not let this page copy.'),
                ),
              )
            }
          >
            Copy key
          </button>
        </>
      }
      onClose={onClose}
    >
      <Identity view={view} participant={participant} />
      <SessionSection view={view} participant={participant} now={now} />
      <ChoiceSection participant={participant} />
      <Account participant={participant} />
      <RoundsSection view={view} participant={participant} now={now} />
    </DetailFrame>
  );
}

export function showPackets(participant: string): void {
  navigate({ view: 'packets', filter: `participant == ${quoteValue(participant)}`, packet: null });
}

function Identity({ view, participant }: Pick<DetailProps, 'view' | 'participant'>): JSX.Element {
  const { data } = participant;
  const keyFrom = keyWords(view, participant);
  return (
    <div className="sec">
      <h3>
        <Icon name="key" as="small" />
        Identity{' '}
        <span className="end">{participant.joinedAt === 0 ? '' : `since ${formatClock(participant.joinedAt)}`}</span>
      </h3>
      <div className="fp">{participant.key === '' ? 'not known yet' : groupKey(participant.key)}</div>
      <dl className="kvl">
        {keyFrom !== '' && (
          <>
            <dt>Key</dt>
            <dd>{keyFrom}</dd>
          </>
        )}
        <dt>Came in</dt>
        <dd>
          {participant.joinedAt === 0 ? (
            'not yet'
          ) : (
            <>
              {formatClock(participant.joinedAt)}
              {participant.address !== '' && (
                <>
                  {' '}
                  from <span className="data">{participant.address}</span>
                </>
              )}
            </>
          )}
        </dd>
        <dt>Trains with</dt>
        <dd title={participant.trainer}>{participant.trainer === '' ? '–' : participant.trainer}</dd>
        <dt>Data</dt>
        <dd title={data?.source}>
          {data === null
            ? '–'
            : `${formatCount(data.examples)} to train, ${formatCount(data.heldOut)} held out${isSynthetic(data.source) ? ', synthetic' : ''}${data.skipped > 0 ? `, ${formatCount(data.skipped)} skipped` : ''}`}
        </dd>
      </dl>
    </div>
  );
}

function SessionSection({
  view,
  participant,
  now,
}: {
  readonly view: RunView;
  readonly participant: ParticipantView;
  readonly now: number;
}): JSX.Element {
  const { link } = participant;
  const points = useMemo(
    () =>
      downSample(
        participant.rtt.map((sample) => ({ x: sample.at, y: sample.ms })),
        120,
      ),
    [participant.rtt],
  );
  const until = participant.left?.at ?? view.endedAt ?? now;
  return (
    <div className="sec">
      <h3>
        Session{' '}
        <span className="end">
          {link.state === 'ready'
            ? `open for ${formatDuration(until - link.since)}`
            : `${link.state}${link.reason === '' ? '' : `: ${link.reason}`}`}
        </span>
      </h3>
      {link.fallback !== '' && participant.left === null && (
        <p className="wrn">
          <Icon name="warn" as="small" /> {link.fallback}
        </p>
      )}
      <div className="figs">
        <div>
          round trip<b>{link.rttMs === null ? '–' : formatMs(link.rttMs)}</b>
        </div>
        <div>
          connections<b className={link.connections > 1 ? 'wrn' : ''}>{formatCount(link.connections)}</b>
        </div>
        <div>
          reconnects<b className={link.reconnects > 0 ? 'wrn' : ''}>{formatCount(link.reconnects)}</b>
        </div>
        <div className="w4">
          awaiting ack.<b title="messages sent and not acknowledged yet">{formatCount(link.unacknowledged)}</b>
        </div>
      </div>
      {points.length > 1 ? (
        <MiniLine
          points={points}
          color={protocolColors[participant.protocol]}
          label={`Round trip, ${formatCount(points.length)} of ${formatCount(participant.rtt.length)} points shown`}
        />
      ) : null}
      <dl className="kvl">
        <dt>Up</dt>
        <dd>
          {formatBytes(link.payloadSentBytes)} payload, {formatBytes(link.sentBytes)} on the wire
        </dd>
        <dt>Down</dt>
        <dd>
          {formatBytes(link.payloadReceivedBytes)} payload, {formatBytes(link.receivedBytes)} on the wire
        </dd>
      </dl>
    </div>
  );
}

function MiniLine({
  points,
  color,
  label,
}: {
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly color: string;
  readonly label: string;
}): JSX.Element {
  const [first, last] = [points[0]?.x ?? 0, points.at(-1)?.x ?? 1];
  const top = Math.max(...points.map((point) => point.y), 1e-9);
  const path = points
    .map(
      (point) =>
        `${(((point.x - first) / Math.max(1, last - first)) * 100).toFixed(2)},${(100 - (point.y / top) * 88).toFixed(2)}`,
    )
    .join(' ');
  return (
    <svg className="mini" viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label={label}>
      <polyline
        className="ln"
        style={{ stroke: color, strokeWidth: 1.5 }}
        vectorEffect="non-scaling-stroke"
        points={path}
      />
    </svg>
  );
}

/** The transport's own figures: those that explain a stall in words, all of them below. */
function Account({ participant }: { readonly participant: ParticipantView }): JSX.Element | null {
  const { counters } = participant.link;
  const rows = useMemo(() => quicAccount(counters, formatBytes), [counters]);
  if (counters.length === 0) return null;
  const title = `${protocolNames[participant.protocol]}’s own account`;
  return (
    <div className="sec">
      <h3>
        {title} <span className="end">every 1 s</span>
      </h3>
      {rows.length === 0 ? null : (
        <table className="qs">
          <tbody>
            {rows.map((row) => (
              <tr key={row.label} {...(row.meaning === '' ? {} : { title: row.meaning })}>
                <td className="t2">
                  {row.label}
                  {row.meaning !== '' && <span className="vh">: {row.meaning}</span>}
                </td>
                <td>
                  <b>{row.value}</b>
                </td>
                <td className="t3 w-lg">{row.note}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <details open={rows.length === 0}>
        <summary>
          All {counters.length} counters, as {participant.stack} names them
        </summary>
        <table className="qs">
          <tbody>
            {counters.map((counter) => (
              <tr key={counter.name}>
                <td className="data t2" colSpan={2}>
                  {counter.name}
                </td>
                <td className="num">
                  {Number.isInteger(counter.value) ? formatCount(counter.value) : counter.value.toFixed(3)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </div>
  );
}

/** Bars that still can be told apart at the width of the pane. */
const roundsShownMax = 12;

function RoundsSection({
  view,
  participant,
  now,
}: {
  readonly view: RunView;
  readonly participant: ParticipantView;
  readonly now: number;
}): JSX.Element {
  const total = Math.max(plannedRounds(view) ?? 0, view.round);
  const last = Math.min(total, Math.max(roundsShownMax, view.round));
  const first = Math.max(1, last - roundsShownMax + 1);
  const until = view.endedAt ?? participant.left?.at ?? now;
  const rounds = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => ({
    round: first + i,
    ...splitOf(participant.segments, first + i, until),
  }));
  const past = rounds.filter((round) => round.compute + round.communicate > 0 && round.round < view.round);
  const mean = (what: 'compute' | 'communicate' | 'wait'): string =>
    past.length === 0 ? '–' : `${(past.reduce((sum, round) => sum + round[what], 0) / past.length).toFixed(1)} s`;
  const top = Math.max(0.001, ...rounds.map((round) => round.compute + round.communicate + round.wait));
  return (
    <div className="sec">
      <h3>
        Its rounds{' '}
        <span className="end w-lg">
          mean compute {mean('compute')}, communicate {mean('communicate')}, wait {mean('wait')}
        </span>
      </h3>
      <div className="hist">
        {rounds.map((round) => (
          <RoundBar key={round.round} round={round} top={top} current={view.round} />
        ))}
      </div>
      <div className="lgd">
        <span>
          <i style={{ background: 'var(--ph-train-edge)' }} />
          compute
        </span>
        <span>
          <i style={{ background: 'var(--ph-send-edge)' }} />
          communicate
        </span>
        <span>
          <i className="w" />
          wait
        </span>
        <span className="end">{first > 1 || last < total ? `rounds ${first} to ${last} of ${total}` : ''}</span>
      </div>
    </div>
  );
}

interface RoundBarProps {
  readonly round: SplitSeconds & { readonly round: number };
  readonly top: number;
  readonly current: number;
}

function RoundBar({ round, top, current }: RoundBarProps): JSX.Element {
  const planned = round.round > current;
  const seconds = (value: number): string => `${value.toFixed(1)} s`;
  const text = planned
    ? `round ${round.round}, not begun`
    : `round ${round.round}: compute ${seconds(round.compute)}, communicate ${seconds(round.communicate)}, wait ${seconds(round.wait)}`;
  const percent = (value: number): string => `${(value / top) * 100}%`;
  return (
    <div className={`h${round.round === current ? ' now' : ''}`} title={text}>
      <div className="col" role="img" aria-label={text}>
        {planned ? (
          <i className="p" />
        ) : (
          <>
            <i className="w" style={{ height: percent(round.wait) }} />
            <i className="m" style={{ height: percent(round.communicate) }} />
            <i className="c" style={{ height: percent(round.compute) }} />
          </>
        )}
      </div>
      <b>{round.round}</b>
    </div>
  );
}
