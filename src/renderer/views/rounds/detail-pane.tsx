import { counted, formatCount } from '#shared/base/text/counted.ts';
import { useMemo } from 'react';
import type { JSX } from 'react';
import { hasCounted } from '#renderer/components/words/contribution-facts.ts';
import { formatBytes, formatClockMs, formatDuration, shortHash } from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import { useNow, usePackets } from '#renderer/session/hooks.ts';
import { navigate } from '#renderer/session/navigation.ts';
import type { Packets } from '#renderer/session/recordings/packet-log.ts';
import type { PacketRow } from '#shared/contract/packet.ts';
import { acknowledgedOnly } from '#shared/run-view/apply/apply-run-ended.ts';
import type { ParticipantView, RoundView, RunView } from '#shared/run-view/run-view.ts';
import { Evaluations } from './evaluations.tsx';
import { packetFilter } from './packet-filter.ts';
import { TimeBar } from './round-list.tsx';
import { bytesUp, countedUpdates, downWords, roundTimes } from './round-times.ts';
import type { RoundTimes } from './round-times.ts';

interface DetailPaneProps {
  readonly view: RunView;
  readonly round: RoundView;
  readonly participant: ParticipantView | null;
  readonly stalled: ReadonlySet<string>;
  readonly onClose: () => void;
}

/** A round opened beside the lanes: where the time went, what was sent, which model came out, and its packets. */
export function DetailPane({ view, round, participant, stalled, onClose }: DetailPaneProps): JSX.Element {
  const title = `Round ${round.round}${participant === null ? '' : `, ${participant.id}`}`;
  return (
    <section className="panel p-detail" aria-label={title}>
      <div className="ph">
        <h2>{title}</h2>
        {participant !== null && (
          <span className="nw t2">
            <ProtocolMark protocol={participant.protocol} /> {participant.stack}
          </span>
        )}
        <div className="end">
          <button type="button" className="btn ghost sm" aria-label="Close" title="Close (Esc)" onClick={onClose}>
            <Icon name="close" />
          </button>
        </div>
      </div>
      <div className="scroll in">
        <Times view={view} round={round} participant={participant} stalled={stalled} />
        <Facts round={round} participant={participant} />
        {participant === null && <Evaluations evaluations={round.evaluations} />}
        <ItsPackets round={round.round} participant={participant?.id ?? null} />
      </div>
    </section>
  );
}

/** Rows of the comparison; of more participants the slowest are shown. */
const comparedMax = 12;

function Times({ view, round, participant, stalled }: Omit<DetailPaneProps, 'onClose'>): JSX.Element {
  const now = useNow(1000);
  const endAt = round.endedAt ?? view.endedAt ?? now;
  const all = view.participants.flatMap((one) => {
    const times = roundTimes(one, round.round, endAt);
    return times === null ? [] : [{ id: one.id, times }];
  });
  const own = participant === null ? null : (all.find((one) => one.id === participant.id)?.times ?? null);
  const shown =
    all.length <= comparedMax
      ? all
      : [...all].sort((a, b) => totalOf(b.times) - totalOf(a.times)).slice(0, comparedMax);
  const longest = Math.max(1, ...shown.map((one) => totalOf(one.times)));
  const isStalled = participant !== null && stalled.has(participant.id) && round.endedAt === null;
  return (
    <div className="sec">
      {own !== null && (
        <div className="figs">
          <Fig name="compute" ms={own.computeMs} kind="c" />
          <Fig name="communicate" ms={own.communicateMs} kind="m" />
          <Fig name="wait" ms={own.waitMs} kind={isStalled ? 'x' : 'w'} />
        </div>
      )}
      <div className="cr hd" aria-hidden="true">
        <span />
        <span>{shown.length < all.length ? `slowest ${shown.length} of ${all.length}` : 'all'}, seconds</span>
        <span className="num">comp.</span>
        <span className="num">com.</span>
        <span className="num">wait</span>
      </div>
      {shown.map(({ id, times }) => (
        <div key={id} className={`cr${id === participant?.id ? ' sel' : ''}`}>
          <span>{id}</span>
          <TimeBar times={times} share={totalOf(times) / longest} stalled={stalled.has(id) && round.endedAt === null} />
          <span className="num">{inSeconds(times.computeMs)}</span>
          <span className="num">{inSeconds(times.communicateMs)}</span>
          <span className="num">{inSeconds(times.waitMs)}</span>
        </div>
      ))}
    </div>
  );
}

function totalOf(times: RoundTimes): number {
  return times.computeMs + times.communicateMs + times.waitMs;
}

function inSeconds(ms: number): string {
  return (ms / 1000).toFixed(ms < 10_000 ? 2 : 1);
}

export function Fig({
  name,
  ms,
  kind,
}: {
  readonly name: string;
  readonly ms: number;
  readonly kind: string;
}): JSX.Element {
  return (
    <div className={kind}>
      {name}
      <b>{formatDuration(ms)}</b>
    </div>
  );
}

function Facts({
  round,
  participant,
}: {
  readonly round: RoundView;
  readonly participant: ParticipantView | null;
}): JSX.Element {
  const updates =
    participant === null ? round.updates : round.updates.filter((update) => update.participant === participant.id);
  const training = participant?.trainings.findLast((one) => one.round === round.round);
  const refused = updates.filter((update) => !hasCounted(update));
  const only = updates.filter((update) => update.acknowledged).length;
  return (
    <div className="sec">
      <dl className="kvl">
        <dt>Updates</dt>
        <dd>
          {participant === null
            ? `${countedUpdates(round)} of ${round.selected.length} counted`
            : updates.find((one) => one.counted)
              ? 'counted'
              : only > 0
                ? acknowledgedOnly
                : 'none yet'}
          {participant === null && only > 0 && `; ${only} ${acknowledgedOnly}`}
          {refused.length > 0 && (
            <span className="wrn">
              , {refused.length} refused: {refused.at(-1)?.reason}
            </span>
          )}
        </dd>
        <dt>Bytes up</dt>
        <dd>
          {formatBytes(
            updates.reduce((sum, update) => sum + update.sizeBytes, 0) || (participant === null ? bytesUp(round) : 0),
          )}
        </dd>
        {participant === null && round.bytesDown !== null && (
          <>
            <dt>Bytes down</dt>
            <dd title="Models that were sent whole, to train and to evaluate; what was sent again counts again">
              {downWords(round)}
            </dd>
          </>
        )}
        {participant !== null && (
          <>
            <dt>Connections</dt>
            <dd>
              <span className={participant.link.connections > 1 ? 'stl' : ''}>
                {formatCount(participant.link.connections)}
              </span>
              &nbsp;in this run, {counted(participant.link.reconnects, 'reconnect')}
            </dd>
          </>
        )}
        <Measures training={training} round={round} />
        {round.missing.length > 0 && (
          <>
            <dt>Missing</dt>
            <dd>{round.missing.join(', ')}</dd>
          </>
        )}
        <Models round={round} />
      </dl>
    </div>
  );
}

interface MeasuresProps {
  readonly training: ParticipantView['trainings'][number] | undefined;
  readonly round: RoundView;
}

function Measures({ training, round }: MeasuresProps): JSX.Element {
  return (
    <>
      {training !== undefined && (
        <>
          <dt>Local model</dt>
          <dd>
            loss {training.loss.toFixed(3)}, accuracy {(training.accuracy * 100).toFixed(1)} %,{' '}
            {counted(training.examples, 'example')}
          </dd>
        </>
      )}
      {round.loss !== null && (
        <>
          <dt>Global model</dt>
          <dd>
            loss {round.loss.toFixed(3)}, accuracy {((round.accuracy ?? 0) * 100).toFixed(1)} %
          </dd>
        </>
      )}
    </>
  );
}

function Models({ round }: { readonly round: RoundView }): JSX.Element {
  return (
    <>
      <dt>Model before</dt>
      <dd className="data" title={round.modelBefore}>
        {shortHash(round.modelBefore)}
      </dd>
      <dt>Model after</dt>
      <dd className="data" title={round.modelAfter}>
        {round.modelAfter === ''
          ? `not aggregated${round.endedAt === null ? ' yet' : ''}`
          : shortHash(round.modelAfter)}
      </dd>
    </>
  );
}

/** The newest that fit under the figures; all of them are one key away. */
const packetsShown = 14;
/** Rows that are looked through for a round; older rounds are found by the filter in the recording. */
const packetsSearched = 20_000;

export function ItsPackets({
  round,
  participant,
}: {
  readonly round: number;
  readonly participant: string | null;
}): JSX.Element {
  const packets = usePackets();
  const found = useMemo(() => newestOf(packets, round, participant), [packets, round, participant]);
  const open = (packet: number | null): void =>
    navigate({ view: 'packets', filter: packetFilter(round, participant), packet });
  return (
    <div className="sec pk-sec">
      <h3>
        Its packets{' '}
        <span className="t3">{found.rows.length === 0 ? 'not in memory any more' : `newest ${found.rows.length}`}</span>
        <span className="end">
          <button type="button" className="btn sm" onClick={() => open(null)}>
            Open in Packets{' '}
            <span className="key" aria-hidden="true">
              P
            </span>
          </button>
        </span>
      </h3>
      {found.rows.length > 0 && (
        <table className="pk">
          <thead>
            <tr>
              <th>Time</th>
              <th>
                <span className="vh">Direction</span>
              </th>
              <th className="c-kind">Kind</th>
              <th className="num c-size">Size</th>
              <th className="num c-conn">Conn.</th>
              <th>Status</th>
            </tr>
          </thead>
          <tbody>
            {found.rows.map((row) => (
              <tr key={row.id} className={row.status === 'ok' ? '' : 'e'} onClick={() => open(row.id)}>
                <td className="data">{formatClockMs(row.at).slice(3)}</td>
                <td>
                  <Icon name={row.direction === 'up' ? 'up' : 'down'} as="small" />
                  <span className="vh">{row.direction}</span>
                </td>
                <td className="c-kind" title={row.kind}>
                  {row.kind}
                </td>
                <td className="num c-size">{formatBytes(row.sizeBytes)}</td>
                <td className="num c-conn">{row.connection}</td>
                <td>
                  {row.status === 'ok' ? (
                    'ok'
                  ) : (
                    <b className="stl">{row.status === 'undeliverable' ? 'undelivered' : row.status}</b>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

/** In a demo both ends report a frame; once is enough here. */
function newestOf(
  packets: Packets,
  round: number,
  participant: string | null,
): { readonly rows: readonly PacketRow[] } {
  const rows: PacketRow[] = [];
  const seen = new Set<string>();
  const end = Math.max(0, packets.length - packetsSearched);
  for (let i = packets.length - 1; i >= end && rows.length < packetsShown; i--) {
    const row = packets.at(i);
    if (row === undefined || row.round !== round) continue;
    if (participant !== null && row.participant !== participant) continue;
    if (row.kind === 'chunk' && row.status === 'ok') continue;
    const frame = `${row.participant} ${row.kind} ${row.messageId} ${row.messageId === '' ? row.connection : ''}`;
    if (seen.has(frame)) continue;
    seen.add(frame);
    rows.push(row);
  }
  return { rows: rows.toReversed() };
}
