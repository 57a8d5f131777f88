import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { after, describe, test } from 'node:test';
import { assertComplaint, roundscope, temporaryFolder } from '../command-line.ts';
import { coordinate, hasJoined, join } from '../federation.ts';
import { writeImageFolder } from './image-folder.ts';

const root = temporaryFolder();
after(() => rmSync(root, { recursive: true, force: true }));

function folder(name: string, options: Parameters<typeof writeImageFolder>[1] = {}): string {
  const path = joinPath(root, name);
  writeImageFolder(path, options);
  return path;
}

describe('labels are names', () => {
  const all = folder('all');
  // A label that were an index would teach another class: `bottom` is the first by name, and the only one here the second.
  const two = folder('two', { names: { top: 'Top', bottom: 'bottom' }, side: 24 });
  const other = folder('other', { side: 18 });
  const one = folder('one', { names: { middle: 'middle' } });
  mkdirSync(joinPath(one, 'top'));

  test('subsets, one class, an empty folder, other sizes and a name that is mapped make one right model', async () => {
    await using coordinator = await coordinate([
      '--participants',
      '3',
      '--rounds',
      '12',
      '--local-epochs',
      '5',
      '--data',
      all,
    ]);
    await using first = join(coordinator.invitation, 'lab-1', ['--data', two, '--map', 'Top=top']);
    await using second = join(coordinator.invitation, 'lab-2', ['--data', one]);
    await using third = join(coordinator.invitation, 'lab-3', ['--data', other]);
    const ends = await Promise.all([coordinator.command, first, second, third].map((command) => command.exit()));
    for (const end of ends) assert.equal(end.status, 0, end.stderr);
    const accuracy = ends[0]?.summary?.accuracy ?? 0;
    assert.ok(accuracy > 0.95, `right labels are learned by all: ${accuracy}`);
    const loaded = first.lines.find(({ event }) => event === 'data_loaded');
    assert.deepEqual(loaded?.['mapping'], [
      { from: 'Top', to: 'top', examples: 24 },
      { from: 'bottom', to: 'bottom', examples: 24 },
    ]);
    assert.match(
      String(loaded?.['text']),
      /^48 images in 2 classes of the run's 3 \(bottom 24, top 24\).*48 scaled to 12x12/,
    );
    const own = coordinator.command.lines.find(({ event }) => event === 'data_loaded');
    assert.deepEqual([own?.['participant'], own?.['source']], ['coordinator', 'coordinator']);
    const told = coordinator.command.lines.find(
      ({ event, participant }) => event === 'participant_joined' && participant === 'lab-1',
    );
    assert.ok(!JSON.stringify(told).includes('Top'), 'what somebody calls a class stays with them');
    for (const line of coordinator.command.lines) assert.ok(!JSON.stringify(line).includes('"Top"'));
  });

  test('names that the run does not have are refused where they are, with both lists; the others go on', async () => {
    await using coordinator = await coordinate(['--participants', '1', '--rounds', '1', '--data', all]);
    const stranger = await roundscope(['join', coordinator.invitation, '--name', 'lab-9', '--data', two]);
    assertComplaint(
      stranger,
      1,
      /"Top" \(did you mean "top"\? same but for capital letters\)/,
      /run's classes: bottom, middle, top\. The data's: Top, bottom/,
      /--map 'Top=top'/,
      /Labels are matched by name/,
    );
    assert.equal(hasJoined(coordinator.command, 'lab-9'), false);
    const wrong = await roundscope(['join', coordinator.invitation, '--name', 'lab-9', '--data', two, '--map', 'Top']);
    assertComplaint(wrong, 2, /write it as CLASS=CLASS/);
    await using right = join(coordinator.invitation, 'lab-1', ['--data', two, '--map', 'Top=,bottom=middle']);
    const ends = await Promise.all([coordinator.command, right].map((command) => command.exit()));
    for (const end of ends) assert.equal(end.status, 0, end.stderr);
  });
});
