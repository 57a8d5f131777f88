import type { ComparisonFigures } from '#shared/contract/run/comparison.ts';
import type { EventOf, RunEvent } from '#shared/contract/events.ts';
import type { RunView } from '#shared/run-view/run-view.ts';

/** Values of one kind kept per run: a second each of many participants for hours. */
const samplesMax = 100_000;

interface ProcessSum {
  cpuS: number;
  memoryBytes: number;
  at: number;
}

/** Adds up what one run costs, out of its events: what the view does not keep. */
export class ComparisonTally {
  readonly #roundTripsMs: number[] = [];
  readonly #dialingSince = new Map<string, number>();
  readonly #connectMs: number[] = [];
  readonly #processes = new Map<string, ProcessSum>();

  observe(event: RunEvent): void {
    if (event.type === 'link_state') this.#takeLinkState(event);
    if (event.type === 'link_stats' && event.data.side === 'participant' && event.data.rttMs !== null)
      keep(this.#roundTripsMs, event.data.rttMs);
    if (event.type === 'process_stats') this.#takeProcess(event);
  }

  figures(view: RunView): ComparisonFigures {
    const rounds = view.rounds.filter(({ state }) => state === 'done');
    const participants = [...this.#processes].filter(([name]) => name !== 'coordinator').map(([, sum]) => sum);
    const coordinator = this.#processes.get('coordinator');
    const last = rounds.at(-1);
    const total = (bytes: (link: RunView['participants'][number]['link']) => number): number =>
      view.participants.reduce((sum, { link }) => sum + bytes(link), 0);
    return {
      roundMs: quantile(
        rounds.flatMap(({ startedAt, endedAt }) => (endedAt === null ? [] : [endedAt - startedAt])),
        0.5,
      ),
      connectMs: quantile(this.#connectMs, 0.5),
      controlP50Ms: quantile(this.#roundTripsMs, 0.5),
      controlP99Ms: quantile(this.#roundTripsMs, 0.99),
      payloadBytes: total((link) => link.payloadSentBytes + link.payloadReceivedBytes),
      wireBytes: total((link) => link.sentBytes + link.receivedBytes),
      coordinatorCpuS: coordinator?.cpuS ?? 0,
      participantsCpuS: participants.reduce((sum, { cpuS }) => sum + cpuS, 0),
      coordinatorMemoryBytes: coordinator?.memoryBytes ?? 0,
      participantMemoryBytes: Math.max(0, ...participants.map(({ memoryBytes }) => memoryBytes)),
      accuracy: last?.accuracy ?? null,
      modelHash: last?.modelAfter ?? '',
    };
  }

  /** From the first word of dialing to the first session that carries messages. */
  #takeLinkState({ data, at }: EventOf<'link_state'>): void {
    if (data.side !== 'participant') return;
    const since = this.#dialingSince.get(data.participant);
    if (data.state === 'connecting' && since === undefined) this.#dialingSince.set(data.participant, at);
    if (data.state === 'ready' && since !== undefined && data.connections === 1) keep(this.#connectMs, at - since);
  }

  #takeProcess({ data, at }: EventOf<'process_stats'>): void {
    const known = this.#processes.get(data.name);
    // The first report covers the second before it.
    const elapsedS = known === undefined ? 1 : Math.max(0, (at - known.at) / 1000);
    this.#processes.set(data.name, {
      cpuS: (known?.cpuS ?? 0) + (data.cpuPercent / 100) * elapsedS,
      memoryBytes: Math.max(known?.memoryBytes ?? 0, data.memoryBytes),
      at,
    });
  }
}

function keep(values: number[], value: number): void {
  if (values.length < samplesMax) values.push(value);
}

/** Nearest rank; null of nothing. */
function quantile(values: readonly number[], q: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? null;
}
