import type { JSX } from 'react';
import { plural, formatCount } from '#shared/base/text/counted.ts';
import type { DataSummary } from '#shared/contract/messages.ts';
import { isHere } from '#shared/run-view/apply/apply-process.ts';
import type { ParticipantView, RunView } from '#shared/run-view/run-view.ts';
import { isOwnSeat, isTold } from '#shared/run-view/seat.ts';
import {
  formatBytes,
  formatClock,
  formatDuration,
  formatFixed,
  formatSeconds,
} from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import { countedOf, lastUpdate, lastWeight } from '#renderer/components/words/contribution-facts.ts';
import { clocksOf, isWaitedFor, phaseOf, shortKey } from './participant-facts.ts';
import type { ClockAge } from './participant-facts.ts';
import { GroupRow, ToldRows } from './told-rows.tsx';
import { WeightCell } from './weight-cell.tsx';

interface TableProps {
  readonly view: RunView;
  readonly order: readonly ParticipantView[];
  readonly selected: string | null;
  readonly now: number;
  readonly onOpen: (id: string) => void;
}

export function ParticipantTable({ view, order, selected, now, onOpen }: TableProps): JSX.Element {
  const told = order.filter(({ id }) => isTold(view, id));
  const seen = order.filter(({ id }) => !isTold(view, id));
  const here = seen.filter(isHere);
  const gone = seen.filter((participant) => !isHere(participant));
  return (
    <table className="pt2">
      <Head round={view.round} />
      <tbody>
        {here.map((participant) => (
          <Row
            key={participant.id}
            view={view}
            participant={participant}
            selected={participant.id === selected}
            now={now}
            onOpen={onOpen}
          />
        ))}
        {told.length > 0 && <ToldRows view={view} order={told} selected={selected} onOpen={onOpen} />}
        {gone.length + view.refused.length > 0 ? (
          <GroupRow>
            <b>Not in the run</b>
          </GroupRow>
        ) : null}
        {gone.map((participant) => (
          <GoneRow
            key={participant.id}
            participant={participant}
            selected={participant.id === selected}
            onOpen={onOpen}
          />
        ))}
        {view.refused.map((refused) => (
          <RefusedRow key={`${refused.at}-${refused.name}`} refused={refused} />
        ))}
      </tbody>
    </table>
  );
}

/** Two rows of heads: what belongs together has a common one. */
function Head({ round }: { readonly round: number }): JSX.Element {
  return (
    <thead>
      <tr>
        <td colSpan={3} />
        <th colSpan={3} scope="colgroup">
          <span>last sign of life, ago</span>
        </th>
        <td />
        <td className="w-lg c-mix" />
        <th colSpan={2} className="w-lg c-upd" scope="colgroup">
          <span>last update</span>
        </th>
        <td />
      </tr>
      <tr>
        <th>Name, key</th>
        <th>Transport</th>
        <th>Phase</th>
        <th className="num">Link</th>
        <th className="num">Process</th>
        <th className="num">Progress</th>
        <th className="num">
          Counted<span className="w-mic">, weight</span>
        </th>
        <th className="w-lg c-mix">Data, class mix</th>
        <th className="num w-lg c-upd">Norm</th>
        <th className="num w-lg c-upd">Cosine</th>
        <th className="num">{round > 0 ? `Round ${round}` : 'Selected'}</th>
      </tr>
    </thead>
  );
}

function RefusedRow({ refused }: { readonly refused: RunView['refused'][number] }): JSX.Element {
  return (
    <tr className="oth">
      <td>
        <div className="two-l">
          <b>{refused.name === '' ? 'unknown' : refused.name}</b>
          <small className="data">{shortKey(refused.key)}</small>
        </div>
      </td>
      <td className="data t2">{refused.address}</td>
      <td colSpan={5} className="why2" title={refused.reason}>
        refused at {formatClock(refused.at)}: {refused.reason}
      </td>
      <td className="w-lg c-mix" />
      <td className="w-lg c-upd" colSpan={2} />
      <td className="lastc">
        <span className="tag warn">refused</span>
      </td>
    </tr>
  );
}

interface RowProps {
  readonly view: RunView;
  readonly participant: ParticipantView;
  readonly selected: boolean;
  readonly now: number;
  readonly onOpen: (id: string) => void;
}

function Row({ view, participant, selected, now, onOpen }: RowProps): JSX.Element {
  const clocks = clocksOf(view, participant, now);
  const update = lastUpdate(view, participant.id);
  const counted = countedOf(view, participant);
  const own = isOwnSeat(view, participant.id);
  return (
    <tr className={selected ? 'sel' : ''} data-participant={participant.id} onClick={() => onOpen(participant.id)}>
      <td>
        <div className="two-l">
          <NameButton id={participant.id} selected={selected} onOpen={onOpen} />
          {participant.id === view.self ? <span className="tag">this node</span> : null}
          {participant.faults.length > 0 ? (
            <span className="tag fault" title={participant.faults.join(', ')}>
              <Icon name="fault" as="small" />
              <span className="vh">injected: {participant.faults.join(', ')}</span>
            </span>
          ) : null}
          <small className="data">{shortKey(participant.key)}</small>
        </div>
      </td>
      <td>
        <div className="two-l">
          <ProtocolMark protocol={participant.protocol} />
          <small>{participant.stack}</small>
        </div>
      </td>
      <td>
        <PhaseCell view={view} participant={participant} now={now} />
      </td>
      <AgeCell age={clocks.link} />
      <AgeCell age={clocks.process} />
      <AgeCell age={clocks.progress} />
      <td className="num">
        {counted === null ? (
          <span className="t3">–</span>
        ) : (
          <b>
            {counted.counted} of {counted.of}
          </b>
        )}
        <WeightCell weight={lastWeight(view, participant.id)} />
      </td>
      <td className="w-lg c-mix">
        {participant.data === null ? <span className="t3">not told yet</span> : <ClassMix data={participant.data} />}
      </td>
      <td className="num w-lg c-upd">
        {update.norm === null ? <span className="t3">–</span> : update.norm.toFixed(2)}
      </td>
      <td className="num w-lg c-upd">
        {own ? (
          <span className="not-told" title="The coordinator alone knows where the step went.">
            not told
          </span>
        ) : update.cosine === null ? (
          <span className="t3">–</span>
        ) : (
          formatFixed(update.cosine, 2)
        )}
      </td>
      <td className="lastc">
        <Selected view={view} participant={participant} />
      </td>
    </tr>
  );
}

function GoneRow({
  participant,
  selected,
  onOpen,
}: {
  readonly participant: ParticipantView;
  readonly selected: boolean;
  readonly onOpen: (id: string) => void;
}): JSX.Element {
  const { left } = participant;
  return (
    <tr className={`oth${selected ? ' sel' : ''}`} onClick={() => onOpen(participant.id)}>
      <td>
        <div className="two-l">
          <NameButton id={participant.id} selected={selected} onOpen={onOpen} />
          <small className="data">{shortKey(participant.key)}</small>
        </div>
      </td>
      <td>
        <ProtocolMark protocol={participant.protocol} />
      </td>
      <td colSpan={5} className="why2" title={left?.reason}>
        left at {formatClock(left?.at ?? 0)}
        {left?.clean === true ? '' : ', without goodbye'}: {left?.reason}
      </td>
      <td className="w-lg c-mix" />
      <td className="w-lg t2 c-upd" colSpan={2}>
        {participant.counted === null ? '' : `counted in ${participant.counted}`}
      </td>
      <td className="lastc">
        <span className={`tag${left?.clean === true ? '' : ' stall'}`}>{left?.clean === true ? 'left' : 'lost'}</span>
      </td>
    </tr>
  );
}

/** The row can be clicked anywhere; this is the part of it that the keyboard reaches. */
function NameButton({
  id,
  selected,
  onOpen,
}: {
  readonly id: string;
  readonly selected: boolean;
  readonly onOpen: (id: string) => void;
}): JSX.Element {
  return (
    <button
      type="button"
      className="nm"
      aria-pressed={selected}
      onClick={(event) => (event.stopPropagation(), onOpen(id))}
    >
      {id}
    </button>
  );
}

const barColors = {
  compute: 'var(--ph-train-edge)',
  communicate: 'var(--ph-send-edge)',
  wait: 'var(--ph-wait-edge)',
} as const;

function PhaseCell({
  view,
  participant,
  now,
}: {
  readonly view: RunView;
  readonly participant: ParticipantView;
  readonly now: number;
}): JSX.Element {
  const { link } = participant;
  if (view.endedAt !== null) return <span className="t2">run over</span>;
  if (link.state === 'lost' || link.state === 'resuming' || link.state === 'connecting') {
    return (
      <div className="two-l">
        <span className="stl">
          <Icon name="stop" as="small" />
          link {link.state}, {formatSeconds(now - link.since)}
        </span>
        <small className="why2" title={link.reason}>
          {link.reason}
        </small>
      </div>
    );
  }
  const phase = phaseOf(participant, now, formatBytes);
  return (
    <div className="two-l">
      {phase.kind === 'wait' && isWaitedFor(view, participant.id) ? 'others wait for this one' : phase.text}
      {phase.share === null ? (
        <div className={phase.kind === 'wait' ? 'pw' : 'prog'} />
      ) : (
        <div className="prog" role="progressbar" aria-label={phase.text} aria-valuenow={Math.round(phase.share * 100)}>
          <i style={{ width: `${phase.share * 100}%`, background: barColors[phase.kind] }} />
        </div>
      )}
      {link.state === 'degraded' ? (
        <small className="why2 wrn" title={link.reason}>
          link degraded: {link.reason}
        </small>
      ) : (
        <small>
          {phase.leftMs === null
            ? `${formatDuration(phase.soFarMs)} so far`
            : phase.leftMs < 500
              ? 'nearly done'
              : `about ${formatSeconds(phase.leftMs)} left`}
        </small>
      )}
    </div>
  );
}

function AgeCell({ age }: { readonly age: ClockAge }): JSX.Element {
  if (age.state === 'ended') return <td className="num t3">–</td>;
  const text = `${(age.ms / 1000).toFixed(1)} s`;
  return (
    <td className="num">
      {age.state === 'over' ? <span className="stl">{text}</span> : text}
      {age.state === 'idle' ? <div className="t3 mic idle">waiting, as it should</div> : null}
      {age.state === 'over' ? <div className="mic wrn">silent</div> : null}
    </td>
  );
}

function ClassMix({ data }: { readonly data: DataSummary }): JSX.Element {
  const total = data.classCounts.reduce((sum, count) => sum + count, 0);
  const largest = data.classCounts.indexOf(Math.max(0, ...data.classCounts));
  const percent = (count: number): string => `${Math.round((count / Math.max(1, total)) * 100)} %`;
  const words = data.classes.map((name, i) => `${name} ${percent(data.classCounts[i] ?? 0)}`).join(', ');
  return (
    <div className="two-l" title={words}>
      {formatCount(data.examples)} {plural(data.examples, 'example')}
      <div className="mix" role="img" aria-label={`Class mix: ${words}`}>
        {data.classCounts.map((count, i) =>
          count === 0 ? null : (
            <i
              key={i}
              style={{
                flex: count / Math.max(1, total),
                opacity: 1 - (0.78 * i) / Math.max(1, data.classCounts.length - 1),
              }}
            />
          ),
        )}
      </div>
      <small>
        {total === 0
          ? 'no classes'
          : `mostly “${data.classes[largest] ?? ''}” (${percent(data.classCounts[largest] ?? 0)})`}
      </small>
    </div>
  );
}

function Selected({
  view,
  participant,
}: {
  readonly view: RunView;
  readonly participant: ParticipantView;
}): JSX.Element {
  if (participant.selected) {
    return (
      <>
        <span className="tag ok">
          <Icon name="check" />
          <span className="w-lg">selected</span>
          <span className="w-sm">yes</span>
        </span>
        {participant.waitReason === '' || view.endedAt !== null ? null : (
          <div className="why" title={participant.waitReason}>
            {participant.waitReason}
          </div>
        )}
      </>
    );
  }
  const why = whyNot(participant.fromRound, view.round);
  return (
    <>
      <span className="tag">not selected</span>
      {why === '' ? null : <div className="why">{why}</div>}
    </>
  );
}

function whyNot(fromRound: number, round: number): string {
  if (fromRound > round) return `takes part from round ${fromRound}`;
  return round === 0 ? 'no round yet' : '';
}
