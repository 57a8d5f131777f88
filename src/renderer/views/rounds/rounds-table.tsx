import { formatCount } from '#shared/base/text/counted.ts';
import type { JSX, KeyboardEvent, ReactNode } from 'react';
import { formatClock } from '#renderer/components/words/format.ts';
import { useNow } from '#renderer/session/hooks.ts';
import { paceOf } from '#renderer/session/run/pace.ts';
import { plannedRounds } from '#renderer/session/run/planned.ts';
import type { RunView } from '#shared/run-view/run-view.ts';

/** Rows that are read; of longer runs the older rounds stand in Metrics. */
export const rowsMax = 200;

interface RoundsTableProps {
  readonly title: string;
  readonly sub: ReactNode;
  /** What the part that scrolls is called. */
  readonly region: string;
  readonly head: JSX.Element;
  /** Rounds that are older than its rows. */
  readonly hidden: number;
  readonly children: ReactNode;
}

/** A list of rounds, newest first, as a panel. */
export function RoundsTable({ title, sub, region, head, hidden, children }: RoundsTableProps): JSX.Element {
  return (
    <section className="panel p-list" aria-label={title}>
      <div className="ph">
        <h2>{title}</h2>
        <span className="sub">{sub}</span>
        <div className="end">
          <TimeLegend />
        </div>
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key */}
      <div className="scroll" tabIndex={0} role="region" aria-label={region}>
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- its buttons have the focus */}
        <table data-roving="" onKeyDown={walkRows}>
          {head}
          <tbody>{children}</tbody>
        </table>
        {hidden > 0 && <p className="more">and {formatCount(hidden)} earlier rounds, drawn in Metrics</p>}
      </div>
    </section>
  );
}

/** The rows are one tab stop; arrows go from round to round. */
function walkRows(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>('.row-open')];
  const at = buttons.indexOf(event.target as HTMLElement);
  if (step === undefined || at < 0) return;
  event.preventDefault();
  event.stopPropagation();
  buttons[Math.min(buttons.length - 1, Math.max(0, at + step))]?.focus();
}

/** The row that Tab comes to; the others are reached from there by arrows. */
export function tabStop(shown: readonly { readonly round: number }[], selected: number | null): number | null {
  return shown.some(({ round }) => round === selected) ? selected : (shown.at(-1)?.round ?? null);
}

/** The first cell of a row, whose button opens the round by keyboard; a click on the row does the same. */
export function RoundCell({
  round,
  selected,
  stop,
}: {
  readonly round: number;
  readonly selected: boolean;
  readonly stop: boolean;
}): JSX.Element {
  return (
    <td className="num">
      <button
        type="button"
        className="row-open"
        tabIndex={stop ? 0 : -1}
        aria-label={`Open round ${round}`}
        aria-pressed={selected}
      >
        {round}
      </button>
    </td>
  );
}

/** Rounds still to come, and when they will be over. */
export function PlannedRow({
  view,
  columns,
  unknown = '',
}: {
  readonly view: RunView;
  readonly columns: number;
  /** Said instead where it cannot be known. */
  readonly unknown?: string;
}): JSX.Element | null {
  const now = useNow(5000);
  const { roundMs } = paceOf(view.rounds);
  // Who has come in the middle of a round knows its number, and nothing else of it.
  const first = Math.max(view.rounds.at(-1)?.round ?? 0, view.round) + 1;
  const planned = plannedRounds(view);
  if (view.endedAt !== null || (planned !== null && first > planned)) return null;
  const current = view.rounds.at(-1);
  const started = current?.startedAt ?? now;
  // A round that takes far longer than usual says nothing about the end of the run.
  const usual = current === undefined || current.endedAt !== null || roundMs === null || now < started + roundMs * 1.5;
  const endsAt =
    roundMs === null || !usual || planned === null
      ? null
      : Math.max(now, started + roundMs) + (planned - first + 1) * roundMs;
  return (
    <tr className="next">
      <td className="num">{planned === null ? `${first}–` : first === planned ? first : `${first}–${planned}`}</td>
      <td colSpan={columns - 1}>
        {unknown === '' ? (planned === null ? 'until stopped' : 'planned') : unknown}
        {unknown !== '' || endsAt === null ? '' : `, the run ends about ${formatClock(endsAt)} at this pace`}
      </td>
    </tr>
  );
}

function TimeLegend(): JSX.Element {
  return (
    <span className="legend w-lg" aria-hidden="true">
      <span>
        <i className="sw c" />
        compute
      </span>
      <span>
        <i className="sw m" />
        communicate
      </span>
      <span>
        <i className="sw wait" />
        wait
      </span>
    </span>
  );
}
