import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { describe, test } from 'node:test';
import { missingRabbitmq, startRabbitmq } from '#test/support/rabbitmq.ts';
import {
  assertComplaint,
  assertFlawless,
  Command,
  nothingLeft,
  processesOf,
  roundscope,
  temporaryFolder,
  type Exit,
} from './command-line.ts';
import { coordinate, join } from './federation.ts';

const nowhere = { env: { ROUNDSCOPE_RABBITMQ: '/nowhere/rabbitmq-server' } };
/** Long enough that only a signal ends it. */
const long = ['demo', '--headless', '--json', '--rounds', '200', '--participants', '2', '--transport', 'amqp'];

/** What the model came to, round by round: the same for the same seed, whatever carried it. */
function course(exit: Exit): unknown[] {
  return exit.lines
    .filter((line) => line.event === 'round_ended')
    .map(({ round, loss, accuracy, model_after }) => ({ round, loss, accuracy, model_after }));
}

/** Started so that its broker's folder lies in its own. */
function inFolder(args: readonly string[], dataFolder: string): Command {
  return new Command(args, { dataFolder, env: { TMPDIR: dataFolder } });
}

function brokerFolders(dataFolder: string): readonly string[] {
  return readdirSync(dataFolder).filter((name) => name.startsWith('roundscope-rabbitmq-'));
}

function inRound(round: number): (command: Command) => boolean {
  return ({ lines }) => lines.some((line) => line.event === 'round_started' && line['round'] === round);
}

describe('without RabbitMQ', () => {
  test('a demo over AMQP says what is missing, how to come by it, and that the others work', async () => {
    const exit = await roundscope(['demo', '--headless', '--transport', 'amqp', '--rounds', '1'], nowhere);
    assertComplaint(
      exit,
      1,
      /ROUNDSCOPE_RABBITMQ names \/nowhere\/rabbitmq-server/,
      /apt-get install rabbitmq-server/,
      /--broker amqp:/,
      /other transports work/,
    );
  });

  test('check names it as what needs a step, and is content', async () => {
    const exit = await roundscope(['check', '--json'], nowhere);
    const line = exit.stdout
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => JSON.parse(text) as { what: string; state: string; detail: string; mend: string })
      .find(({ what }) => what === 'AMQP');
    assert.equal(line?.state, 'needs_a_step');
    assert.match(line.mend, /apt-get install rabbitmq-server/);
    assert.equal(exit.status, 0, exit.stderr);
  });
});

describe('with it', { skip: missingRabbitmq() }, () => {
  test('a demo over AMQP, also with control over MQTT: one connection each, nothing dropped, the models of QUIC', async () => {
    const courses: unknown[] = [];
    for (const way of [
      ['--transport', 'quic'],
      ['--transport', 'amqp'],
      ['--control', 'mqtt', '--transport', 'amqp'],
    ]) {
      const exit = await roundscope(['demo', '--headless', '--json', '--rounds', '2', '--seed', '1', ...way]);
      assert.equal(exit.status, 0, exit.stderr);
      assertFlawless(exit.summary, { participants: 4, rounds: 2 });
      courses.push(course(exit));
    }
    assert.equal((courses[0] as unknown[]).length, 2);
    assert.deepEqual(courses[1], courses[0]);
    assert.deepEqual(courses[2], courses[0]);
  });

  test('Ctrl+C ends its broker with it, and its folder is gone', async () => {
    await using folder = ownFolder();
    await using command = inFolder(long, folder.path);
    await command.until(inRound(1));
    assert.ok(processesOf(folder.path).some(({ command: line }) => line.includes('beam.smp')));
    assert.equal(brokerFolders(folder.path).length, 1);
    command.interrupt();
    const { status, summary } = await command.exit(15_000);
    assert.deepEqual([status, summary.status], [130, 'interrupted']);
    await nothingLeft(folder.path, 0);
    assert.deepEqual(brokerFolders(folder.path), []);
  });

  test('a coordinator that is killed takes its broker with it', async () => {
    await using folder = ownFolder();
    await using command = inFolder(long, folder.path);
    await command.until(inRound(1));
    const keeper = processesOf(folder.path).find(({ command: line }) => line.includes('roundscope-broker'));
    assert.ok(keeper);
    process.kill(parentOf(keeper.pid), 'SIGKILL');
    await command.exit();
    await nothingLeft(folder.path, 10_000);
    assert.deepEqual(brokerFolders(folder.path), []);
  });

  test('a broker of yours: the run completes, and the password is in no event, message or recording', async () => {
    // Any run: the number of one is drawn when it starts.
    await using rabbitmq = await startRabbitmq('r-[0-9a-f]+');
    const { password } = new URL(rabbitmq.url);
    await using folder = ownFolder();
    const short = ['--transport', 'amqp', '--participants', '1', '--rounds', '1'];
    const told = { dataFolder: folder.path, env: { ROUNDSCOPE_BROKER: rabbitmq.url } };
    await using served = await coordinate(short, told);
    await using node = join(served.invitation, 'node-1');
    const exits = [await served.command.exit(), await node.exit()];
    for (const exit of exits) assert.equal(exit.status, 0, exit.stderr);
    assert.equal(exits[0]?.summary.status, 'completed');
    const texts = exits.flatMap(({ stdout, stderr }) => [stdout, stderr]);
    for (const secret of [password, decodeURIComponent(password)]) {
      for (const text of texts) assert.ok(!text.includes(secret), 'the password was printed');
      for (const path of filesIn(folder.path)) assert.ok(!readFileSync(path).includes(secret), `${path} has it`);
    }
  });
});

function ownFolder(): AsyncDisposable & { readonly path: string } {
  const path = temporaryFolder();
  return { path, [Symbol.asyncDispose]: async () => rmSync(path, { recursive: true, force: true }) };
}

function filesIn(folder: string): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => joinPath(entry.parentPath, entry.name));
  assert.ok(
    files.some((file) => file.endsWith('.sqlite')),
    'no recording to look into',
  );
  return files;
}

/** Of a process of this machine (Linux). */
function parentOf(pid: number): number {
  return Number(/^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);
}
