import { useCallback, useMemo, useState } from 'react';
import type { JSX } from 'react';
import { faultTitles } from '#renderer/components/fault-words.ts';
import { formatSeconds } from '#renderer/components/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { useCommands } from '#renderer/session/commands.ts';
import type { Command } from '#renderer/session/commands.ts';
import { useNow, useSession } from '#renderer/session/hooks.ts';
import { showError } from '#renderer/session/toasts.ts';
import { toErrorReport } from '#shared/base/errors.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import type { DemoSettings, FaultName, FaultSpec } from '#shared/contract/settings.ts';
import type { FaultView, RunView } from '#shared/run-view/run-view.ts';
import { faultRows, faultState } from './fault-rows.ts';
import type { FaultRow } from './fault-rows.ts';

interface FaultTableProps {
  /** The running demo; null: faults are armed in the settings of the next start. */
  readonly view: RunView | null;
  readonly settings: DemoSettings;
  readonly onChange: (settings: DemoSettings) => void;
}

/** Everybody, where a fault can act on everybody; the first participant else. */
const everyone = '*';
/** Rounds that a fault can be armed for before the start: late enough to see a healthy round first. */
const armRounds = [1, 2, 3, 5, 10] as const;

export function FaultTable({ view, settings, onChange }: FaultTableProps): JSX.Element {
  const [targets, setTargets] = useState<Partial<Record<FaultName, string>>>({});
  const ids = useMemo(
    () =>
      view === null
        ? Array.from({ length: settings.participants }, (_, i) => `node-${i + 1}`)
        : view.participants.filter((one) => one.left === null).map((one) => one.id as string),
    [view, settings.participants],
  );
  const act = useFaultRequests();
  const targetOf = (row: FaultRow): string => {
    const chosen = targets[row.name];
    if (chosen !== undefined && (ids.includes(chosen) || chosen === everyone)) return chosen;
    return (row.name === 'drop-link' ? ids.at(-2) : ids.at(-1)) ?? everyone;
  };
  useFaultCommands(
    view,
    (row, armed) => {
      const round = armed && view !== null ? view.round + 1 : undefined;
      act('inject_fault', specOf(row.name, targetOf(row), round));
    },
    () =>
      view?.faults
        .filter(isOn)
        .forEach((fault) => act('clear_fault', specOf(fault.fault, fault.participant, undefined))),
  );
  const on = view?.faults.filter(isOn) ?? [];
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
            <button
              type="button"
              className="btn sm"
              onClick={() =>
                on.forEach((fault) => act('clear_fault', specOf(fault.fault, fault.participant, undefined)))
              }
            >
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
          <thead>
            <tr>
              <th>
                <span className="vh">Key</span>
              </th>
              <th>Fault</th>
              <th className="see">What you will see</th>
              <th>On</th>
              <th className="w-lg">{view === null ? 'From' : 'For'}</th>
              <th>
                <span className="vh">State and actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {faultRows.map((row) => (
              <tr
                key={row.name}
                className={view !== null && faultState(view.faults, row.name).active.length > 0 ? 'act' : ''}
              >
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
                <td>
                  <select
                    className="pick"
                    aria-label={`${faultTitles[row.name]}: on whom`}
                    value={targetOf(row)}
                    onChange={(event) => setTargets({ ...targets, [row.name]: event.target.value })}
                  >
                    {row.onAll && <option value={everyone}>everyone</option>}
                    {ids.map((id) => (
                      <option key={id}>{id}</option>
                    ))}
                  </select>
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

function isOn(fault: FaultView): boolean {
  return (
    fault.state === 'armed' ||
    (fault.state === 'active' && (faultRows.find((row) => row.name === fault.fault)?.stoppable ?? false))
  );
}

function specOf(name: FaultName, target: string, round: number | undefined): FaultSpec {
  return {
    name,
    ...(target === everyone || target === '' ? {} : { participant: asParticipantId(target) }),
    ...(round === undefined ? {} : { round }),
  };
}

type Act = (request: 'inject_fault' | 'clear_fault', fault: FaultSpec) => void;

function useFaultRequests(): Act {
  const session = useSession();
  return useCallback(
    (request, fault) => {
      session.request(request, { fault }).catch((error: unknown) => showError(toErrorReport(error)));
    },
    [session],
  );
}

interface InRunProps {
  readonly row: FaultRow;
  readonly target: string;
  readonly view: RunView;
  readonly act: Act;
}

function InRun({ row, target, view, act }: InRunProps): JSX.Element {
  const { active, armed } = faultState(view.faults, row.name);
  const [firstActive] = active;
  const [firstArmed] = armed;
  const clear = (faults: readonly FaultView[]): void =>
    faults.forEach((fault) => act('clear_fault', specOf(fault.fault, fault.participant, undefined)));
  return (
    <>
      <td className="t2 nw w-lg">{row.lasts}</td>
      <td className="st">
        {firstActive !== undefined && <ActiveTag faults={active} row={row} />}
        {firstArmed !== undefined && <span className="tag">armed for round {firstArmed.round}</span>}
        {firstActive !== undefined && row.stoppable ? (
          <button type="button" className="btn sm" onClick={() => clear(active)}>
            Stop
          </button>
        ) : firstArmed === undefined ? (
          <button
            type="button"
            className="btn sm"
            onClick={() => act('inject_fault', specOf(row.name, target, undefined))}
          >
            Inject
          </button>
        ) : (
          <button type="button" className="btn sm" onClick={() => clear(armed)}>
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

interface ArmedInSettingsProps {
  readonly row: FaultRow;
  readonly target: string;
  readonly settings: DemoSettings;
  readonly onChange: (settings: DemoSettings) => void;
}

function ArmedInSettings({ row, target, settings, onChange }: ArmedInSettingsProps): JSX.Element {
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
            armed for round {first.round ?? 1}, {first.participant ?? 'everyone'}
          </span>
        )}
        {first === undefined ? (
          <button
            type="button"
            className="btn sm"
            onClick={() => onChange({ ...settings, faults: [...settings.faults, specOf(row.name, target, round)] })}
          >
            Arm
          </button>
        ) : (
          <button
            type="button"
            className="btn sm"
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

const section = 'Demo: faults';

function useFaultCommands(
  view: RunView | null,
  inject: (row: FaultRow, armed: boolean) => void,
  stopAll: () => void,
): void {
  const reason = view === null ? { disabled: 'no demo is running' } : {};
  const commands: Command[] = faultRows.flatMap((row): Command[] => [
    {
      id: `inject-${row.name}`,
      section,
      group: 'do',
      title: `Inject: ${faultTitles[row.name].toLowerCase()}`,
      icon: 'fault',
      key: row.letter,
      changesRun: true,
      ...reason,
      run: () => inject(row, false),
    },
    {
      id: `arm-${row.name}`,
      section,
      group: 'do',
      title: `Arm for the next round: ${faultTitles[row.name].toLowerCase()}`,
      icon: 'fault',
      key: `Shift+${row.letter.toUpperCase()}`,
      changesRun: true,
      ...reason,
      run: () => inject(row, true),
    },
  ]);
  commands.push({
    id: 'stop-faults',
    section,
    group: 'do',
    title: 'Stop all faults',
    key: 'Escape',
    changesRun: true,
    ...reason,
    run: stopAll,
  });
  useCommands(commands);
}
