import { taskFailed } from '#shared/base/spawn.ts';
import { RoundscopeError, toErrorReport } from '#shared/base/errors.ts';
import type { ComparisonRow, ComparisonSettings, ComparisonView } from '#shared/contract/run/comparison.ts';
import type { DemoSettings } from '#shared/contract/run/settings.ts';
import { emptyView } from '#shared/run-view/apply/apply-event.ts';
import { ComparisonTally } from './comparison-tally.ts';
import type { RunningFederation } from '../runs/federation.ts';
import type { RunHost } from '../runs/run-host.ts';

export interface ComparisonParts {
  /** Starts one run; `onHost` is told of it before its first event. */
  readonly start: (settings: DemoSettings, onHost: (host: RunHost) => void) => Promise<RunningFederation>;
  readonly stop: (reason: string) => Promise<unknown>;
  /** Told whenever a row has changed. */
  readonly changed: (view: ComparisonView) => void;
}

/** The same seeded demo over several transports and networks, one run after the other, with a row of figures for each. */
export class Comparison {
  readonly #settings: ComparisonSettings;
  readonly #parts: ComparisonParts;
  #rows: readonly ComparisonRow[];
  #state: ComparisonView['state'] = 'running';

  constructor(settings: ComparisonSettings, parts: ComparisonParts) {
    this.#settings = settings;
    this.#parts = parts;
    const figures = new ComparisonTally().figures(emptyView('', 0));
    this.#rows = settings.networks.flatMap((network) =>
      settings.transports.map((transport) => {
        return { transport, network, state: 'waiting' as const, note: '', run: '', roundsDone: 0, figures };
      }),
    );
  }

  get view(): ComparisonView {
    return { state: this.#state, rounds: this.#settings.settings.rounds, rows: this.#rows };
  }

  /** Runs all; never rejects: a run that cannot start is a row that says why. */
  async run(): Promise<ComparisonView> {
    for (const index of this.#rows.keys()) {
      if (this.#state !== 'running') break;
      await this.#runRow(index);
    }
    if (this.#state === 'running') this.#state = 'done';
    this.#parts.changed(this.view);
    return this.view;
  }

  async stop(reason: string): Promise<void> {
    if (this.#state !== 'running') return;
    this.#state = 'stopped';
    await this.#parts.stop(reason);
  }

  async #runRow(index: number): Promise<void> {
    const row = this.#rows[index];
    if (row === undefined) return;
    const { transport, network: preset } = row;
    const tally = new ComparisonTally();
    this.#set(index, { state: 'running' });
    try {
      const { host, ended } = await this.#parts.start(
        // What is compared is how long the transports take.
        { ...this.#settings.settings, transport, network: [{ preset }], paceMs: 0 },
        (begun) => {
          this.#set(index, { run: begun.run });
          begun.rows.subscribe((row) => {
            if (!('event' in row)) return;
            tally.observe(row.event);
            if (row.event.type === 'round_ended')
              this.#set(index, { roundsDone: row.event.data.round, figures: tally.figures(begun.view) });
          });
        },
      );
      const { status, reason } = await ended;
      this.#set(index, {
        state: status,
        note: status === 'completed' ? '' : reason,
        figures: tally.figures(host.view),
      });
    } catch (error) {
      if (!(error instanceof RoundscopeError)) taskFailed('running a row of a comparison', error);
      const { code, message } = toErrorReport(error);
      this.#set(index, { state: code === 'aborted' ? 'interrupted' : 'failed', note: message });
    }
  }

  #set(index: number, change: Partial<ComparisonRow>): void {
    this.#rows = this.#rows.map((row, at) => (at === index ? { ...row, ...change } : row));
    this.#parts.changed(this.view);
  }
}
