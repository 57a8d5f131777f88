import { access, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeSafetensors } from '#engine/codec/safetensors.ts';
import { toErrorReport, type ErrorReport } from '#shared/base/errors.ts';
import { coordinatorId, type Hash, type ParticipantId, type RunId } from '#shared/contract/ids.ts';
import type { ModelConfig } from '#shared/contract/run/model-config.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import type { Tensor } from '#shared/tensor/tensor.ts';
import { writeAtomically } from './atomic-file.ts';

export interface ModelFilesOptions {
  readonly run: RunId;
  /** Who keeps them; `coordinator` for the coordinator. */
  readonly participant: ParticipantId;
  /** For `best.safetensors` and, unless `finalPath` says otherwise, `final.safetensors`. */
  readonly folder: string;
  readonly finalPath?: string | undefined;
  /** A demo keeps no more than its last model. */
  readonly keepsBest: boolean;
  readonly reporter: Reporter;
}

/** What the run is about, as it stands in the files. */
export interface ModelAbout {
  readonly runName: string;
  readonly classes: readonly string[];
  readonly model: ModelConfig;
}

export interface EvaluatedModel {
  readonly hash: Hash;
  readonly round: number;
  /** Of the evaluation by all, as the coordinator tells it, 0 to 1. */
  readonly accuracy: number;
}

type Checked = EvaluatedModel & { readonly tensors: readonly Tensor[] };

/** So much below the best accuracy, 0 to 1, is no ripple of training on. */
const fallenLeast = 0.1;

/** The newest global model and the one that arrives while it is checked. */
const heldMax = 2;

/**
 * The global model as the result of a run: the best so far and, at the end, the last, each a safetensors file that says
 * what it is. A disk that does not take them costs a notice and nothing else.
 */
export class ModelFiles {
  readonly #options: ModelFilesOptions;
  readonly #held = new Map<Hash, readonly Tensor[]>();
  #about: ModelAbout | null = null;
  #latest: EvaluatedModel | null = null;
  #last: Checked | null = null;
  #best: Checked | null = null;
  /** Not written yet; a better one takes its place. */
  #due: Checked | null = null;
  #writing: Promise<void> | null = null;
  #failed = false;
  /** That the accuracy has fallen was told, and it has not come back since. */
  #toldFall = false;

  constructor(options: ModelFilesOptions) {
    this.#options = options;
  }

  about(about: ModelAbout): void {
    this.#about = about;
  }

  /** A global model is here. */
  arrived(hash: Hash, tensors: readonly Tensor[]): void {
    this.#held.delete(hash);
    this.#held.set(hash, tensors);
    for (const old of this.#held.keys()) {
      if (this.#held.size <= heldMax) break;
      this.#held.delete(old);
    }
    this.#match();
  }

  /** A round has ended with this model. It may have been here before, or come later. */
  evaluated(model: EvaluatedModel): void {
    this.#latest = model;
    this.#match();
  }

  /**
   * The run is over: the last model that was checked is written.
   * @returns what kept it from being written to the file that was asked for; null: it is there, or none was asked for
   */
  async finish(): Promise<ErrorReport | null> {
    await this.#writing;
    const last = this.#last;
    if (last === null) return null;
    const { finalPath, folder } = this.#options;
    const path = finalPath ?? join(folder, 'final.safetensors');
    const failure = await this.#write('final', last, path, finalPath !== undefined);
    return finalPath === undefined ? null : failure;
  }

  #match(): void {
    const checked = this.#latest;
    const tensors = checked === null ? undefined : this.#held.get(checked.hash);
    if (checked === null || tensors === undefined || this.#last?.round === checked.round) return;
    this.#last = { ...checked, tensors };
    if (!this.#options.keepsBest) return;
    if (this.#best !== null && this.#best.accuracy >= checked.accuracy) return this.#checkFall(this.#best, checked);
    this.#toldFall = false;
    this.#best = this.#last;
    this.#due = this.#last;
    this.#writing ??= this.#writeBest();
  }

  /** A model that is much worse than one before it: where the good one lies is what its user needs to know. */
  #checkFall(best: EvaluatedModel, { round, accuracy }: EvaluatedModel): void {
    const fallen = best.accuracy - accuracy;
    if (fallen < fallenLeast / 2) this.#toldFall = false;
    if (this.#toldFall || fallen < fallenLeast || this.#failed) return;
    this.#toldFall = true;
    const { participant, folder, reporter } = this.#options;
    const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
    const again = participant === coordinatorId ? ' A new run can begin with it.' : '';
    const text =
      `The accuracy fell from ${percent(best.accuracy)} in round ${best.round} to ${percent(accuracy)} in round ${round}. ` +
      `The model of round ${best.round} is kept: ${join(folder, 'best.safetensors')}. Who reported what stands in the round's detail.${again}`;
    reporter.event('notice', { level: 'warning', text: text.slice(0, 1000), participant });
  }

  async #writeBest(): Promise<void> {
    while (this.#due !== null) {
      const due = this.#due;
      this.#due = null;
      await this.#write('best', due, join(this.#options.folder, 'best.safetensors'), false);
    }
    this.#writing = null;
  }

  async #write(kind: 'best' | 'final', model: Checked, path: string, chosen: boolean): Promise<ErrorReport | null> {
    const { participant, reporter } = this.#options;
    const { round, accuracy, hash: modelHash } = model;
    try {
      // A file that somebody put there since the start is not ours to overwrite.
      if (chosen && (await isThere(path))) {
        await rename(path, `${path}.before`);
        reporter.event('notice', { level: 'warning', text: `${path} was there already; it is ${path}.before now.` });
      }
      await writeAtomically(path, [encodeSafetensors(model.tensors, this.#metadata(kind, model))]);
      reporter.event('model_saved', { participant, kind, round, accuracy, path, modelHash });
      return null;
    } catch (error) {
      const report = toErrorReport(error);
      if (this.#failed && kind === 'best') return report;
      this.#failed = true;
      const text = `The ${kind} global model could not be written: ${report.message}`;
      reporter.event('notice', { level: 'error', text: text.slice(0, 1000), error: report });
      return report;
    }
  }

  #metadata(kind: string, { round, accuracy }: Checked): Record<string, string> {
    const about = this.#about;
    return {
      made_by: 'roundscope',
      kind,
      run: this.#options.run,
      round: String(round),
      accuracy: String(accuracy),
      ...(about === null
        ? {}
        : { run_name: about.runName, classes: JSON.stringify(about.classes), model: JSON.stringify(about.model) }),
    };
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
