import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { after, describe, test } from 'node:test';
import { freePort } from '#test/support/brokers/mosquitto.ts';
import { assertComplaint, Command, roundscope, temporaryFolder } from '../command-line.ts';
import { coordinate, hasJoined, join } from '../federation.ts';
import { writeImageFolder } from '../participant/image-folder.ts';

const folder = temporaryFolder();
after(() => rmSync(folder, { recursive: true, force: true }));

/** What a terminal would obey, and what would show other words than are there. */
// eslint-disable-next-line no-control-regex
const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe('participants at a run', { concurrency: 2 }, () => {
  describe('an invitation that is used again', () => {
    test('twice at once, from one data folder and from another: the second is refused in words, the first goes on', async () => {
      await using coordinator = await coordinate(['--participants', '2', '--rounds', '2']);
      await using first = join(coordinator.invitation, 'lab-1');
      await coordinator.command.until((command) => hasJoined(command, 'lab-1'));
      const { dataFolder } = first;
      await using sameFolder = join(coordinator.invitation, 'lab-1', [], { dataFolder });
      await using otherFolder = join(coordinator.invitation, 'lab-1');
      assertComplaint(await sameFolder.exit(), 1, /Another process \(\d+\) uses the state folder/, /Try: /);
      assertComplaint(await otherFolder.exit(), 1, /lab-1 belongs to another key/, /Try: Join under another name/);
      // Under a name of its own one machine may take part twice.
      await using second = join(coordinator.invitation, 'lab-2', [], { dataFolder });
      const ends = await Promise.all([coordinator.command, first, second].map((command) => command.exit()));
      for (const end of ends) {
        assert.equal(end.status, 0, end.stderr);
        assert.equal(end.summary.rounds_completed, 2);
      }
      const { participants } = ends[0]?.summary ?? { participants: [] };
      assert.deepEqual(
        participants.map(({ id, contributions, connections }) => [id, contributions, connections]),
        [
          ['lab-1', 2, 1],
          ['lab-2', 2, 1],
        ],
      );
      const recordings = readdirSync(joinPath(dataFolder, 'recordings')).filter((name) => name.endsWith('.rscope'));
      assert.ok(recordings.length >= 2, recordings.join());
    });

    test('of a run that is over, at a coordinator that serves another one now: refused, and the new run goes on', async () => {
      const dataFolder = joinPath(folder, 'coordinator');
      mkdirSync(dataFolder);
      const args = ['--participants', '1', '--rounds', '1', '--port', String(await freePort())];
      let old: string;
      {
        await using over = await coordinate(args, { dataFolder });
        old = over.invitation;
        await using only = join(old, 'lab-1');
        assert.equal((await only.exit()).status, 0);
        assert.equal((await over.command.exit()).status, 0);
      }
      await using now = await coordinate(args, { dataFolder });
      assert.notEqual(now.invitation, old);
      const late = await roundscope(['join', old, '--name', 'lab-1']);
      assertComplaint(late, 1, /run \S+ is not served here; ask for a new invitation/, /Try: /);
      assert.equal(hasJoined(now.command, 'lab-1'), false);
      await using right = join(now.invitation, 'lab-1');
      const ends = await Promise.all([now.command, right].map((command) => command.exit()));
      for (const end of ends) assert.equal(end.status, 0, end.stderr);
    });
  });

  test('a data folder that vanishes in mid-run costs nothing; a run and classes with a hostile name are shown, not obeyed', async () => {
    const hostile = '\u001b[2J\u001b]0;owned\u0007\r\n12:00:00 Run completed FAKE \u202etfel';
    const kept = joinPath(folder, 'kept');
    const going = joinPath(folder, 'going');
    const classes = { top: 'top', middle: 'mid\u001b[2J\u202edle', bottom: 'bottom' };
    writeImageFolder(kept, { names: classes });
    cpSync(kept, going, { recursive: true });
    const args = ['--participants', '1', '--rounds', '3', '--data', kept, '--name', hostile];
    await using coordinator = await coordinate(args);
    await using participant = new Command(['join', coordinator.invitation, '--name', 'lab-1', '--data', going]);
    await coordinator.command.until((command) => hasJoined(command, 'lab-1'));
    rmSync(going, { recursive: true });
    const [led, told] = await Promise.all([coordinator.command.exit(), participant.exit()]);
    assert.equal(led.status, 0, led.stderr);
    assert.equal(told.status, 0, told.stderr);
    assert.equal(led.summary.participants[0]?.contributions, 3);
    assert.match(told.stderr, /\\x1b\[2J\\x1b\]0;owned\\x07\\r\\n12:00:00 Run completed FAKE \\u202etfel/);
    assert.doesNotMatch(told.stderr, obeyed);
    assert.doesNotMatch(told.stderr, /^12:00:00 Run completed FAKE/m);
  });

  test('a participant called like who speaks in a recording is refused where it is', async () => {
    await using coordinator = await coordinate(['--participants', '1', '--rounds', '1']);
    for (const name of ['Coordinator', 'service'])
      assertComplaint(
        await roundscope(['join', coordinator.invitation, '--name', name]),
        2,
        new RegExp(`"${name}" cannot be a participant's name: the ${name.toLowerCase()} is called so`),
      );
    assert.ok(!coordinator.command.stdout.includes('participant_joined'));
  });
});
