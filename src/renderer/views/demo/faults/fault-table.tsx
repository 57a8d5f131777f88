import { useMemo, useState } from 'react';
import type { JSX } from 'react';
import { faultTitles } from '#renderer/components/words/fault-words.ts';
import type { DemoSettings, FaultName } from '#shared/contract/run/settings.ts';
import type { FaultView, RunView } from '#shared/run-view/run-view.ts';
import { everyone, isOn, onWhom, specOf, usualTarget, useFaultCommands, useFaultRequests } from './fault-actions.ts';
import type { Act } from './fault-actions.ts';
import { ArmedInSettings, InRun } from './fault-cells.tsx';
import { faultRows, faultState } from './fault-rows.ts';
import type { FaultRow } from './fault-rows.ts';

interface FaultTableProps {
  /** The running demo; null: faults are armed in the settings of the next start. */
  readonly view: RunView | null;
  readonly settings: DemoSettings;
  readonly onChange: (settings: DemoSettings) => void;
}

/** Faults on cue: on whom, for how long, and what people will see. */
export function FaultTable({ view, settings, onChange }: FaultTableProps): JSX.Element {
  const [targets, setTargets] = useState<Partial<Record<FaultName, string>>>({});
  const ids = useTargets(view, settings.participants);
  const act = useFaultRequests();
  const targetOf = (row: FaultRow): string => {
    const chosen = targets[row.name];
    if (chosen !== undefined && (ids.includes(chosen) || chosen === everyone)) return chosen;
    return usualTarget(row, ids);
  };
  const inject = (row: FaultRow, armed: boolean): void =>
    act('inject_fault', specOf(row.name, targetOf(row), armed && view !== null ? view.round + 1 : undefined));
  const on = view?.faults.filter(isOn) ?? [];
  const stopAll = (): void => clear(on, act);
  useFaultCommands(view !== null, inject, stopAll);
  return (
    <section className="panel p-fault" aria-label="Faults on cue">
      <div className="ph">
        <h2>Faults on cue</h2>
        <span className="sub w-lg">
          {view === null
            ? 'armed faults begin with the next start'
            : 'press the letter to inject, Shift and the letter to arm for the next round'}
        </span>
        {on.length > 0 && (
          <div className="end">
            <button type="button" className="btn sm" onClick={stopAll}>
              Stop all{' '}
              <span className="key" aria-hidden="true">
                Esc
              </span>
            </button>
          </div>
        )}
      </div>
      <div className="scroll">
        <table className="ft">
          <TableHead running={view !== null} />
          <tbody>
            {faultRows.map((row) => (
              <tr
                key={row.name}
                className={view !== null && faultState(view.faults, row.name).active.length > 0 ? 'act' : ''}
              >
                <FaultWords row={row} />
                <td>
                  <Target
                    row={row}
                    ids={ids}
                    value={targetOf(row)}
                    onChange={(id) => setTargets({ ...targets, [row.name]: id })}
                  />
                </td>
                {view === null ? (
                  <ArmedInSettings row={row} target={targetOf(row)} settings={settings} onChange={onChange} />
                ) : (
                  <InRun row={row} target={targetOf(row)} view={view} act={act} />
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function clear(faults: readonly FaultView[], act: Act): void {
  for (const fault of faults) act('clear_fault', specOf(fault.fault, fault.participant, undefined));
}

/** Who can be chosen: those who are here, or will be. */
function useTargets(view: RunView | null, planned: number): readonly string[] {
  const names =
    view === null || view.participants.length === 0
      ? null
      : view.participants
          .filter((one) => one.left === null)
          .map((one) => one.id)
          .join(' ');
  return useMemo(
    () =>
      names === null
        ? Array.from({ length: planned }, (_, i) => `node-${i + 1}`)
        : names.split(' ').filter((id) => id !== ''),
    [names, planned],
  );
}

function TableHead({ running }: { readonly running: boolean }): JSX.Element {
  return (
    <thead>
      <tr>
        <th>
          <span className="vh">Key</span>
        </th>
        <th>Fault</th>
        <th className="see">What you will see</th>
        <th>On</th>
        <th className={running ? 'w-lg w-proj' : 'w-lg'}>{running ? 'For' : 'From'}</th>
        <th>
          <span className="vh">State and actions</span>
        </th>
      </tr>
    </thead>
  );
}

function FaultWords({ row }: { readonly row: FaultRow }): JSX.Element {
  return (
    <>
      <td>
        <span className="key kb" aria-hidden="true">
          {row.letter.toUpperCase()}
        </span>
      </td>
      <td>
        <b>{faultTitles[row.name]}</b>
        <div className="t3">{row.does}</div>
      </td>
      <td className="t2 see">{row.youWillSee}</td>
    </>
  );
}

interface TargetProps {
  readonly row: FaultRow;
  readonly ids: readonly string[];
  readonly value: string;
  readonly onChange: (id: string) => void;
}

function Target({ row, ids, value, onChange }: TargetProps): JSX.Element {
  if (row.name === 'kill-coordinator') return <span className="t2">{onWhom(row, undefined)}</span>;
  return (
    <select
      className="pick"
      aria-label={`${faultTitles[row.name]}: on whom`}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      {row.onAll && <option value={everyone}>everyone</option>}
      {ids.map((id) => (
        <option key={id}>{id}</option>
      ))}
    </select>
  );
}
