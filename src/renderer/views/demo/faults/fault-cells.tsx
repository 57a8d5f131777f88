import { useState } from 'react';
import type { JSX } from 'react';
import { faultTitles } from '#renderer/components/words/fault-words.ts';
import { formatSeconds } from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { useNow } from '#renderer/session/hooks.ts';
import type { DemoSettings } from '#shared/contract/run/settings.ts';
import type { FaultView, RunView } from '#shared/run-view/run-view.ts';
import { onWhom, specOf } from './fault-actions.ts';
import type { Act } from './fault-actions.ts';
import { faultState } from './fault-rows.ts';
import type { FaultRow } from './fault-rows.ts';

/** Rounds that a fault can be armed for before the start: late enough to see a healthy round first. */
const armRounds = [1, 2, 3, 5, 10] as const;

interface InRunProps {
  readonly row: FaultRow;
  readonly target: string;
  readonly view: RunView;
  readonly act: Act;
}

/** The last two cells while the demo runs: how long it lasts, its state and what can be done. */
export function InRun({ row, target, view, act }: InRunProps): JSX.Element {
  const { active, armed } = faultState(view.faults, row.name);
  const [firstActive] = active;
  const [firstArmed] = armed;
  const clear = (faults: readonly FaultView[]): void =>
    faults.forEach((fault) => act('clear_fault', specOf(fault.fault, fault.participant, undefined)));
  return (
    <>
      <td className="t2 nw w-lg w-proj">{row.lasts}</td>
      <td className="st">
        {firstActive !== undefined && <ActiveTag faults={active} row={row} />}
        {firstArmed !== undefined && <span className="tag">armed for round {firstArmed.round}</span>}
        {firstActive !== undefined && row.stoppable ? (
          <button type="button" className="btn sm" aria-label={nameOf('Stop', row)} onClick={() => clear(active)}>
            Stop
          </button>
        ) : firstArmed === undefined ? (
          <button
            type="button"
            className="btn sm"
            aria-label={nameOf('Inject', row)}
            onClick={() => act('inject_fault', specOf(row.name, target, undefined))}
          >
            Inject
          </button>
        ) : (
          <button type="button" className="btn sm" aria-label={nameOf('Disarm', row)} onClick={() => clear(armed)}>
            Disarm
          </button>
        )}
      </td>
    </>
  );
}

function ActiveTag({ faults, row }: { readonly faults: readonly FaultView[]; readonly row: FaultRow }): JSX.Element {
  const now = useNow(1000);
  const last = faults.at(-1);
  const on = faults.length === 1 ? (last?.participant ?? '') : `${faults.length} participants`;
  return (
    <span className="tag fault">
      <Icon name="fault" as="small" />
      {row.stoppable ? 'active on' : 'injected on'} {on}
      {row.stoppable && last !== undefined && `, ${formatSeconds(now - last.at)}`}
    </span>
  );
}

/** A button that stands in every row says whose it is, for the ear. */
function nameOf(verb: string, row: FaultRow): string {
  return `${verb}: ${faultTitles[row.name]}`;
}

interface ArmedInSettingsProps {
  readonly row: FaultRow;
  readonly target: string;
  readonly settings: DemoSettings;
  readonly onChange: (settings: DemoSettings) => void;
}

/** The last two cells before the start: from which round, and whether it is armed. */
export function ArmedInSettings({ row, target, settings, onChange }: ArmedInSettingsProps): JSX.Element {
  const [round, setRound] = useState(2);
  const own = settings.faults.filter((fault) => fault.name === row.name);
  const [first] = own;
  return (
    <>
      <td className="t2 nw w-lg">
        <select
          className="pick"
          aria-label={`${faultTitles[row.name]}: from which round`}
          value={round}
          onChange={(event) => setRound(Number(event.target.value))}
        >
          {armRounds.map((number) => (
            <option key={number} value={number}>
              round {number}
            </option>
          ))}
        </select>
      </td>
      <td className="st">
        {first !== undefined && (
          <span className="tag">
            armed for round {first.round ?? 1}, {onWhom(row, first.participant)}
          </span>
        )}
        {first === undefined ? (
          <button
            type="button"
            className="btn sm"
            aria-label={nameOf('Arm', row)}
            onClick={() => onChange({ ...settings, faults: [...settings.faults, specOf(row.name, target, round)] })}
          >
            Arm
          </button>
        ) : (
          <button
            type="button"
            className="btn sm"
            aria-label={nameOf('Disarm', row)}
            onClick={() =>
              onChange({ ...settings, faults: settings.faults.filter((fault) => fault.name !== row.name) })
            }
          >
            Disarm
          </button>
        )}
      </td>
    </>
  );
}
