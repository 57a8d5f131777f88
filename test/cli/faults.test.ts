import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { roundscope, temporaryFolder, type Exit, type Summary } from './command-line.ts';

const names = ['node-1', 'node-2', 'node-3', 'node-4'];

/** Recorded as well: what the rules say of the recording must be what they said of the run. */
async function demoWith(fault: string, ...args: readonly string[]): Promise<Exit> {
  const folder = temporaryFolder();
  const recording = join(folder, 'run.rscope');
  try {
    const asked = ['demo', '--headless', '--json', '--seed', '1', '--fault', fault, ...args, '--record', recording];
    const live = await roundscope(asked);
    const replayed = await roundscope(['diagnose', recording, '--json']);
    const said = (event: string): string[] =>
      replayed.lines
        .filter((line) => line.event === event)
        .map(({ rule, subject }) => `${String(rule)} (${String(subject)})`);
    assert.deepEqual(
      new Set(said('verdict')),
      new Set(live.summary.verdicts.map(({ rule, subject }) => `${rule} (${subject})`)),
    );
    assert.deepEqual(new Set(said('verdict_now')), new Set(said('verdict')), 'diagnosed again it is the same');
    return live;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whom a rule named, each once: what was cleared meanwhile may be raised again. */
function subjects(summary: Summary, rule: string): string[] {
  const named = summary.verdicts.filter((verdict) => verdict.rule === rule).map(({ subject }) => subject);
  return [...new Set(named)].toSorted();
}

function contributions({ participants }: Summary): Record<string, number> {
  return Object.fromEntries(participants.map(({ id, contributions: count }) => [id, count]));
}

describe('faults of the demo', () => {
  test('connection per message: status 3, with the stalled participants and the reason named', async () => {
    const { status, summary, stderr } = await demoWith('connection-per-message', '--rounds', '3', '--deadline', '6');
    assert.equal(status, 3, stderr);
    assert.equal(summary.status, 'stalled');
    assert.equal(summary.rounds_completed, 0);
    assert.deepEqual(subjects(summary, 'connection-per-message'), names);
    for (const name of names) assert.match(summary.reason, new RegExp(name));
    assert.match(stderr, /Run stalled: .*node-1/);
    for (const verdict of summary.verdicts) {
      assert.equal(verdict.layer, 'transport');
      assert.match(verdict.since, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      assert.ok(verdict.detected_after_s < 6, `detected after ${verdict.detected_after_s} s`);
      assert.ok(verdict.evidence.length > 0);
    }
    for (const { id, connections } of summary.participants)
      assert.ok(connections > 1, `${id} made ${connections} connections`);
  });

  test('connection per message on one, from round 2 on: the others go on without it', async () => {
    const { status, summary, stderr } = await demoWith(
      'connection-per-message:node-2@2',
      '--rounds',
      '3',
      '--deadline',
      '6',
    );
    assert.equal(status, 0, stderr);
    assert.equal(summary.rounds_completed, 3);
    assert.ok(subjects(summary, 'connection-per-message').includes('node-2'));
    for (const { subject } of summary.verdicts) assert.equal(subject, 'node-2');
    assert.ok((contributions(summary)['node-2'] ?? 0) < 3);
    assert.deepEqual(
      { ...contributions(summary), 'node-2': 0 },
      { 'node-1': 3, 'node-2': 0, 'node-3': 3, 'node-4': 3 },
    );
  });

  test('a killed participant is named, and the rounds go on at quorum', async () => {
    const { status, summary, lines, stderr } = await demoWith(
      'kill-participant:node-3@2',
      '--rounds',
      '3',
      '--deadline',
      '8',
    );
    assert.equal(status, 0, stderr);
    assert.deepEqual(contributions(summary), { 'node-1': 3, 'node-2': 3, 'node-3': 1, 'node-4': 3 });
    assert.deepEqual(subjects(summary, 'participant-dead'), ['node-3']);
    const missing = lines.filter(({ event }) => event === 'round_ended').map((line) => line['missing']);
    assert.deepEqual(missing.slice(0, 2), [[], ['node-3']]);
  });

  test('a frozen trainer is told from a dead participant', async () => {
    const { status, summary, stderr } = await demoWith('freeze-trainer:node-2', '--rounds', '2', '--deadline', '6');
    assert.equal(status, 0, stderr);
    assert.ok(subjects(summary, 'trainer-frozen').includes('node-2'));
    assert.deepEqual(subjects(summary, 'participant-dead'), []);
    assert.equal(contributions(summary)['node-2'], 0);
    const frozen = summary.participants.find(({ id }) => id === 'node-2');
    assert.deepEqual([frozen?.connections, frozen?.reconnects], [1, 0], 'its link must not wait for a gradient step');
  });

  for (const transport of ['quic', 'mqtt']) {
    test(`a dropped link is dialed again, and every contribution counts once (${transport})`, async () => {
      const args = ['--rounds', '3', '--transport', transport];
      const { status, summary, stderr } = await demoWith('drop-link:node-2@2', ...args);
      assert.equal(status, 0, stderr);
      const cut = summary.participants.find(({ id }) => id === 'node-2');
      assert.deepEqual([cut?.connections, cut?.reconnects], [2, 1]);
      for (const { id, connections, reconnects } of summary.participants)
        if (id !== 'node-2') assert.deepEqual([id, connections, reconnects], [id, 1, 0]);
      assert.deepEqual(contributions(summary), { 'node-1': 3, 'node-2': 3, 'node-3': 3, 'node-4': 3 });
    });
  }

  test('several faults at once', async () => {
    const { status, summary, stderr } = await demoWith(
      'drop-link:node-1@2',
      '--fault',
      'drop-link:node-4@1',
      '--rounds',
      '2',
    );
    assert.equal(status, 0, stderr);
    assert.deepEqual(
      summary.participants.map(({ reconnects }) => reconnects),
      [1, 0, 0, 1],
    );
  });
});
