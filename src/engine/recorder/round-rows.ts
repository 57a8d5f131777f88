import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { RoundView, RunView } from '#shared/run-view/run-view.ts';

/** Contributions of a round stand together: more than the participants of any run. */
const perRound = 65_536;

/** Rounds and their contributions as rows, for whoever asks a recording in SQL: what the one projection says of those that are over. */
export class RoundRows {
  readonly #insertRound: StatementSync;
  readonly #removeContributions: StatementSync;
  readonly #insertContribution: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insertRound = db.prepare(`INSERT OR REPLACE INTO rounds (round, state, started_at, ended_at, duration_ms,
      selected, counted, loss, accuracy, bytes_down, model_after) VALUES (${places(11)})`);
    this.#removeContributions = db.prepare('DELETE FROM contributions WHERE id >= ? AND id < ?');
    this.#insertContribution = db.prepare(`INSERT INTO contributions (id, round, participant, at, counted, reason,
      examples, size_bytes, loss, accuracy, norm, share) VALUES (${places(12)})`);
  }

  /** What has changed between two views of rounds that are over; of the one that goes on too, where the run ends here. */
  write(before: RunView | null, after: RunView, isEnd = false): void {
    if (before?.rounds === after.rounds && !isEnd) return;
    const known = new Set(before?.rounds);
    for (const round of after.rounds) {
      const isOver = round.endedAt !== null;
      if (isOver ? !known.has(round) : isEnd) this.#round(round);
    }
  }

  #round(view: RoundView): void {
    const { round, updates } = view;
    this.#insertRound.run(
      round,
      view.state,
      view.startedAt,
      view.endedAt,
      view.durationMs,
      view.selected.length,
      updates.filter(({ counted }) => counted).length,
      view.loss,
      view.accuracy,
      view.bytesDown,
      view.modelAfter,
    );
    this.#removeContributions.run(round * perRound, (round + 1) * perRound);
    for (const [i, update] of updates.slice(0, perRound).entries()) {
      this.#insertContribution.run(
        round * perRound + i,
        round,
        update.participant,
        update.at,
        update.counted ? 1 : 0,
        update.reason,
        update.examples,
        update.sizeBytes,
        update.loss,
        update.accuracy,
        update.norm,
        update.share,
      );
    }
  }
}

function places(count: number): string {
  return Array.from({ length: count }, () => '?').join(', ');
}
