import { useEffect, useState } from 'react';
import type { JSX, ReactNode } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { formatBytes, formatDuration, formatMs, formatPercent, shortHash } from '#renderer/components/words/format.ts';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import { useRequest, useSessionState } from '#renderer/session/hooks.ts';
import { showError } from '#renderer/session/toasts.ts';
import { protocolColors } from '#renderer/theme/protocols.ts';
import { comparisonRunsMax, type ComparisonRow, type ComparisonView } from '#shared/contract/run/comparison.ts';
import { networkPresets, type NetworkPreset } from '#shared/contract/run/network.ts';
import { namedProtocols, type Protocol } from '#shared/contract/protocols.ts';
import type { DemoSettings } from '#shared/contract/run/settings.ts';
import { changeDraft } from './demo-draft.ts';
import './compare-panel.css';

interface ComparePanelProps {
  readonly settings: DemoSettings;
  readonly running: boolean;
  /** What stands at the end of the heading. */
  readonly end: ReactNode;
}

/** The same seeded demo over each transport in turn, with what each cost side by side. */
export function ComparePanel({ settings, running, end }: ComparePanelProps): JSX.Element {
  const comparison = useSessionState((state) => state.comparison);
  const [chosen, setChosen] = useState<ReadonlySet<Protocol>>(() => new Set(namedProtocols));
  const { state, send } = useRequest('start_comparison');
  useEffect(() => {
    if (state.kind === 'failed') showError(state.error);
  }, [state]);
  const [between, setBetween] = useState<ReadonlySet<NetworkPreset>>(() => new Set(['none']));
  const transports = namedProtocols.filter((protocol) => chosen.has(protocol));
  const networks = networkPresets.filter((preset) => between.has(preset));
  const asCompared = { ...settings, control: 'same' as const, faults: [] };
  const runs = transports.length * networks.length;
  return (
    <section className="panel p-proc" aria-label="Compare transports">
      <div className="ph">
        <h2>Compare</h2>
        <span className="sub">the same run over each transport</span>
        <span className="end">{end}</span>
      </div>
      <div className="cmp-set">
        <div role="group" aria-label="Transports to compare" className="cmp-pick">
          {namedProtocols.map((protocol) => (
            <label key={protocol}>
              <input
                type="checkbox"
                checked={chosen.has(protocol)}
                onChange={() => setChosen(toggled(chosen, protocol))}
              />
              <ProtocolMark protocol={protocol} />
            </label>
          ))}
        </div>
        <button
          type="button"
          className="btn pri"
          disabled={running || runs === 0 || runs > comparisonRunsMax || state.kind === 'pending'}
          title={running ? 'a run is going on' : undefined}
          onClick={() => {
            // Its runs are not what the next start is to be like.
            changeDraft(settings);
            spawn('starting the comparison', send({ settings: asCompared, transports, networks }));
          }}
        >
          Compare: {runs} {runs === 1 ? 'run' : 'runs'}
        </button>
        <div role="group" aria-label="Networks to compare on" className="cmp-pick cmp-net">
          <span className="t2">on</span>
          {networkPresets.map((preset) => (
            <label key={preset}>
              <input
                type="checkbox"
                checked={between.has(preset)}
                onChange={() => setBetween(toggled(between, preset))}
              />
              {preset === 'none' ? 'this machine' : preset.replaceAll('_', ' ')}
            </label>
          ))}
        </div>
      </div>
      {comparison === null ? (
        <div className="nothing">
          The demo as it is set up, {settings.rounds} rounds with seed {settings.seed}, once over each transport,
          without faults. The models must come out the same, bit for bit; what it took to move them differs.
        </div>
      ) : (
        <ComparisonTable comparison={comparison} />
      )}
    </section>
  );
}

function ComparisonTable({ comparison }: { readonly comparison: ComparisonView }): JSX.Element {
  const severalNetworks = new Set(comparison.rows.map(({ network }) => network)).size > 1;
  return (
    <>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key */}
      <div className="scroll" tabIndex={0} role="region" aria-label="Comparison of transports">
        <table className="cmp">
          <thead>
            <tr>
              <th>Transport</th>
              {severalNetworks && <th>Network</th>}
              <th>Round, median</th>
              <th className="num">Connect</th>
              <th className="num">Control p50 / p99</th>
              <th className="num">Payload / wire</th>
              <th className="num" title="processor time: coordinator / participants with their training">
                CPU
              </th>
              <th className="num" title="largest resident memory: coordinator / a participant">
                Memory
              </th>
              <th>Model</th>
            </tr>
          </thead>
          <tbody>
            {comparison.rows.map((row) => (
              <Row
                key={`${row.transport} ${row.network}`}
                row={row}
                comparison={comparison}
                showNetwork={severalNetworks}
              />
            ))}
          </tbody>
        </table>
      </div>
      <div className="cmp-verdict" role="status">
        {verdictOf(comparison)}
      </div>
    </>
  );
}

interface RowProps {
  readonly row: ComparisonRow;
  readonly comparison: ComparisonView;
  readonly showNetwork: boolean;
}

function Row({ row, comparison, showNetwork }: RowProps): JSX.Element {
  const { figures } = row;
  const rivals = comparison.rows.filter(({ network }) => network === row.network);
  const fastest = least(rivals.map((each) => each.figures.roundMs));
  const known = row.state !== 'waiting' && row.roundsDone > 0;
  const slowest = Math.max(1, ...comparison.rows.map((each) => each.figures.roundMs ?? 0));
  return (
    <tr className={row.state === 'running' ? 'act' : ''}>
      <td>
        <ProtocolMark protocol={row.transport} />
      </td>
      {showNetwork && <td>{row.network === 'none' ? 'this machine' : row.network.replaceAll('_', ' ')}</td>}
      <td>
        {known && figures.roundMs !== null ? (
          <span className="cmp-bar">
            <i
              style={{
                width: `${(figures.roundMs / slowest) * 64}px`,
                background: protocolColors[row.transport],
              }}
            />
            {formatDuration(figures.roundMs)}
            {fastest !== null && figures.roundMs > fastest && (
              <span className="t3"> {(figures.roundMs / fastest).toFixed(1)}×</span>
            )}
          </span>
        ) : null}{' '}
        <StateWord row={row} rounds={comparison.rounds} />
      </td>
      <td className="num">{figures.connectMs === null ? '–' : formatMs(figures.connectMs)}</td>
      <td className="num">
        {figures.controlP50Ms === null || figures.controlP99Ms === null
          ? '–'
          : `${formatMs(figures.controlP50Ms)} / ${formatMs(figures.controlP99Ms)}`}
      </td>
      <td className="num">
        {known ? `${formatBytes(figures.payloadBytes)} / ${formatBytes(figures.wireBytes)}` : '–'}
      </td>
      <td className="num">
        {known ? `${figures.coordinatorCpuS.toFixed(1)} / ${figures.participantsCpuS.toFixed(1)} s` : '–'}
      </td>
      <td className="num">
        {known
          ? `${formatBytes(figures.coordinatorMemoryBytes)} / ${formatBytes(figures.participantMemoryBytes)}`
          : '–'}
      </td>
      <td className="data" title={figures.modelHash}>
        {known ? shortHash(figures.modelHash) : '–'}
      </td>
    </tr>
  );
}

function StateWord({ row, rounds }: { readonly row: ComparisonRow; readonly rounds: number }): JSX.Element | null {
  if (row.state === 'completed') return null;
  if (row.state === 'running')
    return <span className="t2">{`round ${Math.min(rounds, row.roundsDone + 1)} of ${rounds}`}</span>;
  if (row.state === 'waiting') return <span className="t3">waits</span>;
  return (
    <span className="tag warn" title={row.note}>
      {row.state}
    </span>
  );
}

function verdictOf({ state, rows }: ComparisonView): string {
  const completed = rows.filter((row) => row.state === 'completed');
  const bad = rows.find((row) => row.note !== '');
  const why = bad === undefined ? '' : ` ${bad.transport}: ${bad.note}`;
  if (completed.length < 2) return state === 'running' ? `Each run is recorded like any other.${why}` : why.trim();
  const hashes = new Set(completed.map(({ figures }) => figures.modelHash));
  const accuracy = completed[0]?.figures.accuracy ?? null;
  const same =
    hashes.size === 1
      ? `The same model bit for bit over ${completed.length === rows.length ? 'all' : 'the first'} ${completed.length}${accuracy === null ? '' : `, accuracy ${formatPercent(accuracy)}`}.`
      : `${hashes.size} different models in ${completed.length} runs: that should not be.`;
  return `${same}${why}`;
}

function least(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function toggled<T>(set: ReadonlySet<T>, value: T): ReadonlySet<T> {
  const next = new Set(set);
  if (!next.delete(value)) next.add(value);
  return next;
}
