import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Command, patienceMs, type Line, type Summary } from '../command-line.ts';
import { coordinate, join } from '../federation.ts';

/** Lines of `--json` of one kind. */
const of = ({ lines }: Pick<Command, 'lines'>, event: string): readonly Line[] =>
  lines.filter((line) => line.event === event);

const ends = ({ lines }: Pick<Command, 'lines'>): readonly unknown[] =>
  of({ lines }, 'round_ended').map(({ round }) => round);

/** What the coordinator says of one participant's rounds. */
function countedIn(coordinator: Command, id: string): number {
  return of(coordinator, 'round_ended').filter(({ contributions }) => (contributions as string[]).includes(id)).length;
}

/** A participant's share of a summary. */
const shareOf = (summary: Summary, id: string): unknown => {
  const found = summary.participants.find((participant) => participant.id === id);
  return found === undefined ? undefined : [found.contributions, found.transport, found.connections];
};

describe("a run in a participant's own words", { concurrency: 2 }, () => {
  for (const transport of ['quic', 'mqtt']) {
    test(`over ${transport}: what counted, the baseline, its key and data, and of the other what is told`, async () => {
      await using coordinator = await coordinate(['--participants', '2', '--rounds', '3', '--transport', transport]);
      // What it knows of its own data is exact; what it tells is so only when asked to.
      await using told = join(coordinator.invitation, 'lab-1', ['--exact-counts']);
      await using words = new Command(['join', coordinator.invitation, '--name', 'lab-2']);
      const [served, json, text] = await Promise.all([coordinator.command.exit(), told.exit(), words.exit()]);
      for (const exit of [served, json, text]) assert.equal(exit.status, 0, exit.stderr);
      assert.equal(served.lines[0]?.event, 'invitation');

      assert.deepEqual(
        [json.lines[0]?.event, json.lines[0]?.['chair'], json.lines[0]?.['self']],
        ['run_opened', 'participant', 'lab-1'],
      );
      const [own] = of(json, 'participant_joined');
      const [seen] = of(served, 'participant_joined').filter(({ participant }) => participant === 'lab-1');
      assert.equal(own?.['key'], seen?.['key'], 'its own key, as the coordinator has it');
      assert.deepEqual(own?.['data'], seen?.['data']);
      const orders = of(served, 'update_received').filter(({ participant }) => participant === 'lab-1');
      assert.deepEqual(
        of(json, 'update_acknowledged').map(({ round, accepted, contribution }) => [round, accepted, contribution]),
        orders.map(({ round, counted, contribution }) => [round, counted, contribution]),
      );
      assert.deepEqual(json.summary.own, { counted: 3, acknowledged: 0, refused: 0, missed: 0, kept: 0, unknown: 0 });
      assert.deepEqual(shareOf(json.summary, 'lab-1'), [3, transport, 1]);
      assert.deepEqual(shareOf(json.summary, 'lab-2'), [3, null, null], 'of the other what the ends of rounds told');
      for (const what of ['accuracy', 'loss', 'baseline_accuracy', 'rounds_duration_s'] as const)
        assert.equal(json.summary[what], served.summary[what], `${what} is the same from both chairs`);
      assert.ok(json.summary.rounds_duration_s > 0);

      for (let round = 1; round <= 3; round++)
        assert.match(text.stderr, new RegExp(`round ${round}/3 .* your update counted, (1st|2nd) of 2$`, 'm'));
      assert.match(text.stderr, /lab-2 joined over \w+ \([^)]+\) with [\d,]+ examples/);
      assert.match(text.stderr, /^Your updates: 3 counted$/m);
      const took = `3 of 3 rounds in ${served.summary.rounds_duration_s.toFixed(1)} s`;
      assert.ok(
        text.stderr.includes(took) && served.stderr.includes(took),
        `${took}\n${text.stderr}\n${served.stderr}`,
      );
      assert.doesNotMatch(text.stderr, /stall|missed|not told|: 0\.0 %/);
    });
  }

  test('who comes in the middle knows of no round before, and counts the same as the coordinator does', async () => {
    await using coordinator = await coordinate(['--participants', '1', '--rounds', '25', '--quorum', '0.5']);
    await using first = join(coordinator.invitation, 'lab-1');
    await coordinator.command.until((command) => ends(command).length > 0);
    await using late = join(coordinator.invitation, 'lab-2');
    // So many that whoever starts now is in before they are over: they take a while beside others.
    const limitMs = 2 * patienceMs;
    const ended = [coordinator.command.exit(limitMs), late.exit(limitMs), first.exit(limitMs)] as const;
    const [served, exit] = await Promise.all(ended);
    const { summary } = exit;
    assert.deepEqual([summary.status, summary.rounds_completed], ['completed', 25], exit.stderr);
    const seen = ends(exit);
    assert.ok(seen.length < 25 && !seen.includes(1), `saw the ends of ${seen.join()}`);
    assert.equal(summary.rounds_told, seen.length);
    assert.equal(summary.own?.['counted'], countedIn(coordinator.command, 'lab-2'));
    assert.ok((summary.own?.['counted'] ?? 0) > 0, 'it took part');
    const others = of(exit, 'round_ended').filter(({ contributions }) => (contributions as string[]).includes('lab-1'));
    assert.deepEqual(shareOf(summary, 'lab-1'), [others.length, null, null]);
    assert.match(exit.stderr, new RegExp(`25 of 25 rounds, ${seen.length} of them seen here in `));
    assert.equal(served.status, 0);
  });

  test('a round that closes without it is missed by the word of its end, and the next ones count', async () => {
    // Enough for the one who trains beside whatever else this machine does.
    const args = ['--participants', '2', '--quorum', '0.5', '--deadline', '8', '--rounds', '4'];
    await using coordinator = await coordinate(args);
    await using steady = join(coordinator.invitation, 'lab-1');
    await using frozen = new Command(['join', coordinator.invitation, '--name', 'lab-2', '--json']);
    await frozen.until((command) => of(command, 'participant_phase').some(({ phase }) => phase === 'train'));
    process.kill(-frozen.pid, 'SIGSTOP');
    await coordinator.command.until((command) =>
      of(command, 'round_ended').some(({ missing }) => (missing as string[]).includes('lab-2')),
    );
    process.kill(-frozen.pid, 'SIGCONT');
    const [exit, served] = await Promise.all([frozen.exit(), coordinator.command.exit(), steady.exit()]);
    assert.equal(served.status, 0, served.stderr);
    assert.equal(exit.status, 0, exit.stderr);
    const own = exit.summary.own ?? {};
    assert.equal(own['counted'], countedIn(coordinator.command, 'lab-2'));
    assert.ok((own['missed'] ?? 0) + (own['refused'] ?? 0) > 0, JSON.stringify(own));
    assert.match(exit.stderr, /^4 of 4 rounds/m);
  });

  test('who leaves says nothing of a stall of its own', async () => {
    await using coordinator = await coordinate(['--participants', '2', '--rounds', '400']);
    await using other = join(coordinator.invitation, 'lab-1');
    await using leaver = new Command(['join', coordinator.invitation, '--name', 'lab-2']);
    await leaver.until(/round 1\/400 .* your update counted/);
    leaver.interrupt();
    const exit = await leaver.exit();
    assert.equal(exit.status, 130, exit.stderr);
    assert.doesNotMatch(exit.stderr, /stall/);
    assert.match(exit.stderr, /^Your updates: \d+ counted/m);
    other.interrupt();
    coordinator.command.interrupt();
    await Promise.all([other.exit(), coordinator.command.exit()]);
  });
});
