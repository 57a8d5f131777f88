import { visibleText } from '#shared/base/text/visible-text.ts';
import { spawn } from '#shared/base/spawn.ts';
import { toErrorReport } from '#shared/base/errors.ts';
import { comparisonSettingsSchema, type ComparisonRow, type ComparisonView } from '#shared/contract/run/comparison.ts';
import { namedProtocols, namedProtocolSchema } from '#shared/contract/protocols.ts';
import { networkPresets, networkPresetSchema } from '#shared/contract/run/network.ts';
import { exitStatus } from '#shared/contract/run/summary.ts';
import { toWireNames } from '#shared/contract/wire-names.ts';
import type { Command } from '../arguments.ts';
import { complain } from '../complain.ts';
import { createService } from '../create-service.ts';
import { onEndSignal } from '../end-signals.ts';
import { demoOptions, demoSettings } from '../options/demo-options.ts';

export const compare: Command = {
  name: 'compare',
  summary: 'Runs the same seeded demo over each transport and network in turn and tells what each cost.',
  positionals: [],
  options: [
    ...demoOptions.filter(({ name }) => !['transport', 'network', 'fault'].includes(name)),
    { name: 'transports', value: 'NAMES', help: 'which, with commas between', default: namedProtocols.join(',') },
    { name: 'networks', value: 'NAMES', help: `between, of ${networkPresets.join(', ')}`, default: 'none' },
    { name: 'json', help: 'one JSON object a line on stdout: a row as it is done, the whole comparison last' },
  ],
  examples: [
    'roundscope compare --rounds 3',
    'roundscope compare --transports quic,mqtt --networks none,poor,satellite --json',
  ],
  run: async (args) => {
    const settings = demoSettings(args, 0);
    if (!settings.ok) return complain(settings.error, exitStatus.usage);
    const names = (args.text('transports') ?? namedProtocols.join(',')).split(',');
    const networks = (args.text('networks') ?? 'none').split(',');
    if (!networks.every((name) => networkPresetSchema.safeParse(name).success))
      return complain(`--networks takes ${networkPresets.join(', ')}, each once.`, exitStatus.usage);
    const checked = comparisonSettingsSchema.safeParse({ settings: settings.value, transports: names, networks });
    if (!checked.success || !checked.data.transports.every((name) => namedProtocolSchema.safeParse(name).success))
      return complain(`--transports takes ${namedProtocols.join(', ')}, each once.`, exitStatus.usage);
    const json = args.has('json');
    await using service = createService('browser');
    const teller = new RowTeller(json);
    using _signals = onEndSignal((reason) => spawn('stopping the comparison', service.stop(reason)));
    try {
      const view = await service.startComparison(checked.data, (changed) => teller.take(changed)).done;
      if (json) writeLine({ event: 'comparison', ...view });
      else process.stdout.write(tableOf(view));
      if (view.state === 'stopped') return exitStatus.interrupted;
      return view.rows.every(({ state }) => state === 'completed') ? exitStatus.completed : exitStatus.failed;
    } catch (error) {
      return complain(toErrorReport(error), exitStatus.failed);
    }
  },
};

/** Tells each row once when it begins and once when it is over. */
class RowTeller {
  readonly #json: boolean;
  readonly #told = new Map<number, ComparisonRow['state']>();

  constructor(json: boolean) {
    this.#json = json;
  }

  take({ rows, rounds }: ComparisonView): void {
    for (const [index, row] of rows.entries()) {
      if (row.state === 'waiting' || this.#told.get(index) === row.state) continue;
      this.#told.set(index, row.state);
      if (row.state === 'running') process.stderr.write(`${nameOf(row)}: ${rounds} rounds\n`);
      else if (this.#json) writeLine({ event: 'comparison_row', ...row });
      else process.stderr.write(`${nameOf(row)}: ${row.state}${row.note === '' ? '' : `: ${visibleText(row.note)}`}\n`);
    }
  }
}

function nameOf({ transport, network }: ComparisonRow): string {
  return network === 'none' ? transport : `${transport}, ${network}`;
}

function tableOf({ rows }: ComparisonView): string {
  const head = [
    'transport',
    'network',
    'round',
    'connect',
    'control p50',
    'p99',
    'payload',
    'wire',
    'CPU',
    'memory',
    'model',
  ];
  const cells = rows.map(({ transport, network, state, figures }) => [
    transport,
    network,
    state === 'completed' ? seconds(figures.roundMs) : state,
    milliseconds(figures.connectMs),
    milliseconds(figures.controlP50Ms),
    milliseconds(figures.controlP99Ms),
    megabytes(figures.payloadBytes),
    megabytes(figures.wireBytes),
    `${(figures.coordinatorCpuS + figures.participantsCpuS).toFixed(1)} s`,
    `${megabytes(figures.coordinatorMemoryBytes)} + ${megabytes(figures.participantMemoryBytes)}`,
    figures.modelHash.slice(0, 12),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  const hashes = new Set(rows.filter(({ state }) => state === 'completed').map(({ figures }) => figures.modelHash));
  const verdict =
    hashes.size === 1 ? 'All came to the same model, bit for bit.' : `They came to ${hashes.size} different models.`;
  return `${[line(head), ...cells.map(line)].join('\n')}\nMemory: the coordinator's and the largest participant's. ${verdict}\n`;
}

function seconds(ms: number | null): string {
  return ms === null ? '-' : `${(ms / 1000).toFixed(2)} s`;
}

function milliseconds(ms: number | null): string {
  return ms === null ? '-' : `${ms.toFixed(1)} ms`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`;
}

function writeLine(value: unknown): void {
  process.stdout.write(`${JSON.stringify(toWireNames(value))}\n`);
}
