import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { Command, nothingLeft, temporaryFolder, type CommandOptions, type Line } from './command-line.ts';
import { coordinate, join } from './federation.ts';

const preload = new URL('../support/throw-on-cue.ts', import.meta.url).href;
const said = /a mistake in the program ended it: thrown on purpose/;

/** A command of which one process throws, once, as soon as `cue` is called. */
function faulty(where: string, how: 'throw' | 'reject' = 'throw'): { options: CommandOptions; cue: () => void } {
  const dataFolder = temporaryFolder();
  const file = joinPath(dataFolder, 'cue');
  const env = { NODE_OPTIONS: `--import ${preload}`, THROW_IN: where, THROW_CUE: file, THROW_HOW: how };
  return { options: { dataFolder, env }, cue: () => writeFileSync(file, '') };
}

const began = ({ lines }: Command): boolean => lines.some(({ event }) => event === 'round_started');
const notices = (lines: readonly Line[]): readonly string[] =>
  lines.filter(({ event }) => event === 'notice').map(({ text }) => String(text));
const exitOf = (lines: readonly Line[], name: string): Line | undefined =>
  lines.find((line) => line.event === 'process_exited' && line['name'] === name);

const demo = ['demo', '--headless', '--json', '--participants', '2', '--rounds', '3', '--local-epochs', '1'];

describe('a mistake in the program ends one process, which says so and is started again', { concurrency: true }, () => {
  for (const [name, args] of [
    ['participant node-2', demo],
    ['coordinator coordinator', demo],
    ['relay relay', [...demo, '--network', 'good']],
  ] as const) {
    test(`${name} of a demo`, async () => {
      const { options, cue } = faulty(name);
      await using command = new Command(args, options);
      await command.until(began);
      cue();
      const { status, lines, stderr, summary } = await command.exit();
      assert.deepEqual([status, summary.rounds_completed], [0, 3], stderr);
      assert.ok(
        notices(lines).some((text) => said.test(text)),
        notices(lines).join('\n'),
      );
      const exit = exitOf(lines, name.split(' ')[1] ?? '');
      assert.equal(exit?.['restarts'], true);
      assert.match(String(exit?.['note']), /^exit status 70: .*thrown on purpose$/);
      await nothingLeft(command.dataFolder, 3000);
    });
  }

  test('a participant that has joined from elsewhere, with a rejection that nobody awaits', async () => {
    await using coordinator = await coordinate(['--participants', '1', '--rounds', '3']);
    const { options, cue } = faulty('participant lab-1', 'reject');
    await using command = join(coordinator.invitation, 'lab-1', [], options);
    await command.until(began);
    cue();
    const [own, served] = await Promise.all([command.exit(), coordinator.command.exit()]);
    assert.deepEqual([own.status, served.status, served.summary.rounds_completed], [0, 0, 3], own.stderr);
    assert.ok(notices(own.lines).some((text) => said.test(text)));
    assert.equal(exitOf(own.lines, 'lab-1')?.['restarts'], true);
  });

  test('the app itself: it marks the recording, says what happened and leaves nothing running', async () => {
    const { options, cue } = faulty('headless');
    await using command = new Command([...demo, '--rounds', '200'], options);
    await command.until(began);
    cue();
    const { status, stderr, lines } = await command.exit();
    assert.equal(status, 70);
    assert.match(stderr, said);
    const ended = lines.find(({ event }) => event === 'run_ended');
    assert.equal(ended?.['status'], 'failed');
    assert.match(String(ended?.['reason']), said);
    const folder = joinPath(command.dataFolder, 'recordings');
    const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.rscope'));
    using recording = new DatabaseSync(joinPath(folder, file), { readOnly: true });
    const rows = recording.prepare("select data from events where type in ('notice', 'run_ended')").all();
    assert.equal(rows.filter(({ data }) => said.test(String(data))).length, 2);
    await nothingLeft(command.dataFolder, 10_000);
  });
});
