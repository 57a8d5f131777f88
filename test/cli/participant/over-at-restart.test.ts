import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { describe, test } from 'node:test';
import { checkedLine, readCheckedLine } from '#engine/durability/checked-line.ts';
import { journalRecordSchema, type JournalRecord } from '#engine/round/coordinator/run-journal.ts';
import { nothingLeft, processesOf, temporaryFolder, type Command } from '../command-line.ts';
import { coordinate, join } from '../federation.ts';

const skip = process.platform !== 'linux' && 'finds processes by /proc and kills them';

/** The last round's figures as nobody but a dead coordinator knew them. */
const figures = { loss: 0.125, accuracy: 0.875 };

/** What a coordinator writes when its last round closes: this one died before it had told anybody. */
function closeLastRound(state: string): void {
  const journal = joinPath(state, 'journal');
  const [line = ''] = readFileSync(journal, 'utf8').split('\n');
  const first = journalRecordSchema.parse(readCheckedLine(line));
  assert.ok(first.kind === 'memory');
  const { round, model, members } = first.memory;
  const contributions = members.map(({ id }) => id);
  const summary = {
    round,
    ...figures,
    contributions,
    missing: [],
    durationMs: 1,
    modelBefore: model,
    modelAfter: model,
  };
  const closed: JournalRecord = { kind: 'closed', summary, missing: [] };
  appendFileSync(journal, checkedLine(closed));
}

async function kill({ dataFolder }: Command): Promise<void> {
  for (const { pid } of processesOf(dataFolder)) process.kill(pid, 'SIGKILL');
  await nothingLeft(dataFolder, 10_000);
}

describe('a run that was over when its coordinator died', { skip, concurrency: true }, () => {
  for (const transport of ['quic', 'grpc']) {
    test(`ends once the last one who took part has heard the last round's figures (${transport})`, async () => {
      const folder = temporaryFolder();
      const state = joinPath(folder, 'run');
      const args = ['--participants', '1', '--rounds', '1', '--local-epochs', '12', '--deadline', '60'];
      const serve = [...args, '--transport', transport, '--state', state];
      try {
        await using coordinator = await coordinate(serve);
        await using participant = join(coordinator.invitation, 'lab-1');
        await coordinator.command.until(({ lines }) => lines.some(({ event }) => event === 'round_started'));
        await kill(coordinator.command);
        closeLastRound(state);

        await using again = await coordinate(serve);
        const [served, { status, lines, summary, stderr }] = await Promise.all([
          again.command.exit(),
          participant.exit(),
        ]);
        assert.equal(served.summary.status, 'completed', served.stderr);
        assert.deepEqual([status, summary.status, summary.reason], [0, 'completed', 'the round is done'], stderr);
        const last = lines.find(({ event }) => event === 'round_ended');
        assert.deepEqual([last?.['loss'], last?.['accuracy']], [figures.loss, figures.accuracy]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});
