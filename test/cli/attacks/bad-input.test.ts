import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join as joinPath } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { freePort } from '#test/support/brokers/mosquitto.ts';
import { assertComplaint, Command, nothingLeft, roundscope, temporaryFolder, type Exit } from '../command-line.ts';
import { coordinate, hasJoined, join } from '../federation.ts';
import { keyOf } from '#test/support/page/open-address.ts';
import { writeImageFolder } from '../participant/image-folder.ts';

let folder: string;
before(() => {
  folder = temporaryFolder();
});
after(() => rmSync(folder, { recursive: true, force: true }));

const one = ['--participants', '1', '--rounds', '1'];

/** The run goes on: somebody with the right invitation completes it. */
async function othersComplete({ command, invitation }: Awaited<ReturnType<typeof coordinate>>): Promise<void> {
  await using right = join(invitation, 'lab-1');
  assert.equal((await right.exit()).status, 0, right.stderr);
  assert.equal((await command.exit()).status, 0, command.stderr);
}

/** Most of it waits for an answer that does not come. */
describe('an invitation that cannot be used', { concurrency: 3 }, () => {
  test('of a coordinator that is gone: says so within the patience for a slow start, over each transport', async () => {
    const transports = ['quic', 'mqtt', 'grpc'];
    let invitation: string;
    {
      await using gone = await coordinate([...one, '--transport', transports.join()]);
      invitation = gone.invitation;
    }
    const says = async (transport: string): Promise<void> => {
      await using late = join(invitation, 'lab-1', ['--transport', transport]);
      assertComplaint(
        await late.exit(60_000),
        1,
        /127\.0\.0\.1:\d+/,
        /Try: (Start the coordinator|Check address and port)/,
      );
      await nothingLeft(late.dataFolder);
    };
    await Promise.all(transports.map(says));
  });

  test('mistyped, cut off, eaten by the shell, or something else: status 2 and what to do', async () => {
    await using coordinator = await coordinate(one);
    const { invitation } = coordinator;
    const at = invitation.length - 40;
    const mistyped = `${invitation.slice(0, at)}${invitation[at] === 'A' ? 'B' : 'A'}${invitation.slice(at + 1)}`;
    const cases: readonly (readonly [string, RegExp])[] = [
      [mistyped, /checksum does not match, so at least one character is wrong/],
      [invitation.slice(0, -9), /it was cut off/],
      ['roundscope://join', /nothing follows its "\?".* it stands in quotes/],
      ['https://example.org/', /does not begin with roundscope:\/\/join/],
    ];
    const exits = await Promise.all(cases.map(([text]) => roundscope(['join', text])));
    for (const [index, exit] of exits.entries()) {
      assertComplaint(exit, 2, cases[index]?.[1] ?? /./, /Try: Copy the whole line again/);
      assert.equal(exit.stdout, '');
    }
    await othersComplete(coordinator);
  });

  for (const transport of ['quic', 'mqtt', 'grpc']) {
    test(`of another coordinator at the same address: refused as an impostor, the run goes on (${transport})`, async () => {
      const port = await freePort();
      const args = ['--transport', transport, '--port', String(port)];
      let stale: string;
      {
        await using before_ = await coordinate([...one, ...args]);
        stale = before_.invitation;
      }
      await using coordinator = await coordinate([...one, ...args]);
      await using stranger = join(stale, 'lab-9');
      const exit = await stranger.exit();
      // No patience for a slow start: this answer does not get better.
      assert.doesNotMatch(exit.stderr, /no coordinator answered|within 20 s/i);
      assertComplaint(
        exit,
        1,
        /Try: (Ask for a new invitation|Check that the invitation|Check the broker|Use the invitation)/,
      );
      assert.equal(hasJoined(coordinator.command, 'lab-9'), false);
      await othersComplete(coordinator);
    });
  }
});

describe('a port that cannot be had', { concurrency: 3 }, () => {
  test('taken, by UDP or TCP: status 1, with what to try', async () => {
    const udp = createSocket('udp4').bind(0, '127.0.0.1');
    const tcp = createServer().listen(0, '127.0.0.1');
    await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
    try {
      const tcpPort = String((tcp.address() as { port: number }).port);
      const cases = [
        ['coordinate', ...one, '--port', String(udp.address().port)],
        ['coordinate', ...one, '--transport', 'mqtt', '--port', tcpPort],
        ['serve', '--idle', '--no-open', '--port', tcpPort],
      ];
      for (const exit of await Promise.all(cases.map((args) => roundscope(args))))
        assertComplaint(exit, 1, /port/i, /Try: Stop the other program, or choose another port with --port/);
    } finally {
      udp.close();
      tcp.close();
    }
  });

  test('a broker that is not there', async () => {
    const url = `mqtt://127.0.0.1:${await freePort()}`;
    const exit = await roundscope(['coordinate', '--transport', 'mqtt', '--broker', url]);
    assertComplaint(exit, 1, new RegExp(url), /Try: Start the coordinator or broker/);
  });
});

describe('data that cannot be used', { concurrency: 2 }, () => {
  function dataCases(): Record<string, readonly [string, readonly RegExp[]]> {
    const make = (name: string, fill: (path: string) => void): string => {
      const path = joinPath(folder, name);
      mkdirSync(path);
      fill(path);
      return path;
    };
    // With names that the run of digits has too: others would be refused before an image is read.
    const names = { top: '0', middle: '1', bottom: '2' };
    const corrupt = make('corrupt', (path) => writeImageFolder(path, { corrupt: 6, names }));
    return {
      'a folder that is not there': [joinPath(folder, 'nowhere'), [/nowhere does not exist/, /Try: Choose a folder/]],
      'an empty folder': [make('empty', () => undefined), [/empty/, /Try: /]],
      'corrupt images, by the name of one': [corrupt, [/corrupt\/\w+\/\d+\.png/, /Try: Check the file that is named/]],
      'IDX files that do not fit each other': [
        make('idx', (path) => {
          writeFileSync(joinPath(path, 'train-images-idx3-ubyte'), Buffer.from([0, 0, 8, 3, 0, 0, 0, 9, 0, 0]));
          writeFileSync(joinPath(path, 'train-labels-idx1-ubyte'), Buffer.from([0, 0, 8, 1, 0, 0, 0, 2, 1, 2]));
        }),
        [/idx/, /Try: /],
      ],
    };
  }

  test('demo, coordinate and join say which folder or file, and what to try', async () => {
    await using coordinator = await coordinate(one);
    for (const [path, patterns] of Object.values(dataCases())) {
      const commands = [
        ['demo', '--headless', '--data', path],
        ['coordinate', '--data', path],
        ['join', coordinator.invitation, '--name', 'lab-9', '--data', path],
      ];
      for (const exit of await Promise.all(commands.map((args) => roundscope(args))))
        assertComplaint(exit, 1, ...patterns);
    }
    assert.equal(hasJoined(coordinator.command, 'lab-9'), false);
    await othersComplete(coordinator);
  });

  test('a corrupt image among good ones is left out and said, and the rest is trained on', async () => {
    const path = joinPath(folder, 'nearly-good');
    mkdirSync(path);
    writeImageFolder(path, { corrupt: 1 });
    const exit = await roundscope(['demo', '--headless', '--participants', '2', '--rounds', '1', '--data', path]);
    assertComplaint(exit, 0, /joined .* examples; left out 1 that could not be read/);
  });
});

describe('a disk that does not take it', { concurrency: 2 }, () => {
  test('a data folder that cannot be written', async () => {
    const file = joinPath(folder, 'a-file');
    writeFileSync(file, '');
    const dataFolder = joinPath(file, 'data');
    const commands = [['check'], ['demo', '--headless'], ['coordinate'], ['serve', '--no-open']];
    const [check, ...refused] = await Promise.all(commands.map((args) => roundscope(args, { dataFolder })));
    for (const exit of refused) assertComplaint(exit, 1, /a-file\/data cannot be written/, /Try: /);
    assert.ok(check);
    assert.equal(check.status, 1);
    assert.match(check.stdout, /^✗ Data folder .*cannot be written.*\n +Set ROUNDSCOPE_DATA/m);
  });

  test('a recording that exists already, or cannot be made, is refused before the run begins', async () => {
    const there = joinPath(folder, 'there.sqlite');
    writeFileSync(there, 'precious');
    const refusals: readonly (readonly [string, RegExp])[] = [
      [there, /--record: .*there\.sqlite exists already.*Choose another name/],
      [joinPath(folder, 'a-file', 'recording.sqlite'), /--record: there is no folder .*a-file/],
      [joinPath(folder, 'nowhere', 'recording.sqlite'), /--record: there is no folder .*nowhere/],
    ];
    const commands = [['demo', '--headless'], ['demo'], ['coordinate'], ['join', 'roundscope://join']];
    const refused = async (args: readonly string[], at: number): Promise<void> => {
      const [path, words] = refusals[at % refusals.length] as (typeof refusals)[number];
      const exit = await roundscope([...args, '--record', path]);
      assertComplaint(exit, 2, words);
      assert.equal(exit.stdout, '', 'nothing has begun');
    };
    await Promise.all(commands.map(refused));
    assert.equal(execFileSync('cat', [there], { encoding: 'utf8' }), 'precious');
  });

  /** The run completes, people are told, what is lost is counted. */
  function assertDiskFull(exit: Exit): void {
    assert.equal(exit.status, 0, exit.stderr);
    assert.equal(exit.summary.status, 'completed', exit.stderr);
    assert.ok(exit.summary.packets.dropped > 0, 'what is lost is counted');
    const failing = exit.lines.findLast((line) => line.event === 'recorder_stats' && line['state'] === 'failing');
    assert.match(
      String(failing?.['note']),
      /failed \((disk I\/O error|database or disk is full)\): free space on that disk/,
    );
  }
  const run = ['demo', '--headless', '--json', '--participants', '2', '--rounds', '2'];

  test('full', { skip: tinyDisk() === null && 'no user or mount namespaces here' }, async () => {
    const disk = joinPath(folder, 'tiny');
    mkdirSync(disk);
    const before = `exec ${tinyDisk()} sh -c 'mount -t tmpfs -o size=200k none "${disk}" && exec "$@"' sh`;
    await using command = new Command(run, { dataFolder: disk, before });
    assertDiskFull(await command.exit());
  });

  test(
    'a file size limit is no end of the run, and what was recorded before is there',
    { skip: process.platform === 'win32' },
    async () => {
      const dataFolder = joinPath(folder, 'limited');
      await using command = new Command(run, { dataFolder, before: 'ulimit -f 200; exec' });
      assertDiskFull(await command.exit());
      const recordings = joinPath(dataFolder, 'recordings');
      const [file] = readdirSync(recordings).filter((name) => name.endsWith('.rscope'));
      using recording = new DatabaseSync(joinPath(recordings, file ?? ''));
      assert.deepEqual({ ...recording.prepare('PRAGMA integrity_check').get() }, { integrity_check: 'ok' });
    },
  );
});

describe('a second start', () => {
  test('serve on the same data folder leads to the first, which goes on as it is', async () => {
    await using first = new Command(['serve', '--idle', '--no-open'], { dataFolder: folder });
    await first.until(/^http:\/\/127\.0\.0\.1:\d+\/\S+$/m);
    const port = /127\.0\.0\.1:(\d+)/.exec(first.stdout)?.[1] ?? '';
    const second = await roundscope(['serve', '--idle', '--no-open'], { dataFolder: folder });
    assert.equal(second.status, 0, second.stderr);
    assert.match(second.stderr, /already running on this data folder/);
    const fresh = second.stdout.trim();
    assert.match(fresh, new RegExp(`^http://127\\.0\\.0\\.1:${port}/\\S+$`));
    assert.ok(!first.stdout.includes(fresh), 'an address of its own, which is good once');
    assert.notEqual(await keyOf(fresh), null);
    assert.equal(await keyOf(fresh), null, 'the first is there, and not for everybody');
    // A run of its own may record into the same folder.
    const demo = await roundscope(['demo', '--headless', '--participants', '2', '--rounds', '1'], {
      dataFolder: folder,
    });
    assert.equal(demo.status, 0, demo.stderr);
    first.interrupt();
    assert.equal((await first.exit()).status, 0);
    await using again = new Command(['serve', '--idle', '--no-open'], { dataFolder: folder });
    await again.until(/^http:/m);
  });
});

/** Words that give a command a mount namespace of its own, or null where the system has none. */
function tinyDisk(): string | null {
  if (process.platform !== 'linux') return null;
  for (const words of ['unshare -m', 'unshare -rm']) {
    try {
      execFileSync('/bin/sh', ['-c', `${words} mount -t tmpfs none /mnt`], { stdio: 'ignore' });
      return words;
    } catch {
      // Not allowed here; perhaps the next one is.
    }
  }
  return null;
}
