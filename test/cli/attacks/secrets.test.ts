import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { decodeInvitation, encodeInvitation } from '#engine/identity/invitation.ts';
import { registrations } from '#engine/transport/registry.ts';
import { namedProtocols, type NamedProtocol } from '#shared/contract/protocols.ts';
import { findMosquitto, startMosquitto } from '#test/support/brokers/mosquitto.ts';
import { Command, processesOf, temporaryFolder, type Exit } from '../command-line.ts';
import { coordinate, hasJoined, type Coordinator } from '../federation.ts';

const one = ['--participants', '1', '--rounds', '1'];
let folder: string;
before(() => {
  folder = temporaryFolder();
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** What nobody but the two ends may see; in the invitation's own text the token stands encoded. */
interface Secrets {
  readonly [name: string]: string;
}

function secretsOf(invitation: string): Secrets {
  const decoded = decodeInvitation(invitation);
  assert.ok(decoded.ok);
  return { token: decoded.value.token, invitation: invitation.slice('roundscope://join?i='.length) };
}

/** Fails with the name of the secret and of the place, not with the secret. */
function assertFree(place: string, content: string | Buffer, secrets: Secrets): void {
  for (const [name, secret] of Object.entries(secrets))
    assert.ok(!content.includes(secret), `the ${name} stands in ${place}`);
}

/** Arguments and environment of every process that a command has started. */
function assertProcessesFree(dataFolder: string, secrets: Secrets): void {
  const processes = processesOf(dataFolder);
  assert.ok(processes.length >= 2, 'a command and its child');
  for (const { pid, command } of processes) {
    assertFree(`the arguments of ${pid}`, command, secrets);
    assertFree(`the environment of ${command}`, readFileSync(`/proc/${pid}/environ`), secrets);
  }
}

function assertFilesFree(dataFolder: string, secrets: Secrets): void {
  const files = readdirSync(dataFolder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  assert.ok(
    files.some(({ name }) => name.endsWith('.rscope')),
    'no recording to look at',
  );
  for (const { parentPath, name } of files) {
    // What joining again takes is kept for its user, who alone can read it.
    if (name === 'recent-runs') {
      assert.equal(statSync(joinPath(parentPath, name)).mode & 0o777, 0o600, name);
      continue;
    }
    assertFree(name, readFileSync(joinPath(parentPath, name)), secrets);
    // A recording may keep pages packed; read as a reader does, nothing may stand in them either.
    if (name.endsWith('.rscope'))
      assertFree(
        `${name}, read`,
        execFileSync(process.execPath, ['-e', dump, joinPath(parentPath, name)], { maxBuffer: 1 << 28 }),
        secrets,
      );
    if (name.endsWith('.rscope')) assertOpeningsFree(joinPath(parentPath, name));
  }
}

/** What opens a session proves who somebody is; a recording says that it did, and not with what. */
function assertOpeningsFree(path: string): void {
  const headers = execFileSync(process.execPath, ['-e', openings, path], { encoding: 'utf8' }).trim().split('\n');
  assert.ok(headers.length >= 4, `hello, challenge, proof and answer in ${path}`);
  for (const header of headers) assert.doesNotMatch(header, /[0-9a-f]{16}/, `a proof stands in ${path}`);
}

const dump = `const { DatabaseSync } = require('node:sqlite');
const db = new DatabaseSync(process.argv[1], { readOnly: true });
for (const { name } of db.prepare("select name from sqlite_master where type = 'table'").all())
  for (const row of db.prepare('select * from "' + name + '"').iterate())
    for (const value of Object.values(row))
      process.stdout.write(value instanceof Uint8Array ? Buffer.from(value) : String(value));`;

const openings = `const { DatabaseSync } = require('node:sqlite');
const db = new DatabaseSync(process.argv[1], { readOnly: true });
const sql = "select header from packets join bodies on packet = id where kind in ('hello', 'challenge', 'proof', 'hello_ack')";
for (const { header } of db.prepare(sql).iterate()) process.stdout.write(header + '\\n');`;

function secretFile(name: string, content: string): string {
  const path = joinPath(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return `@${path}`;
}

/** A run to its end, looked at from all sides. */
async function assertRunFree(coordinator: Coordinator, more: Secrets = {}): Promise<void> {
  const { command, invitation } = coordinator;
  const secrets = { ...secretsOf(invitation), ...more };
  await using participant = new Command(['join', secretFile('invitation', invitation), '--name', 'lab-1', '--json']);
  await participant.until(() => hasJoined(command, 'lab-1'));
  if (process.platform === 'linux')
    for (const { dataFolder } of [command, participant]) assertProcessesFree(dataFolder, secrets);
  const exits: readonly (readonly [string, Exit])[] = [
    ['join', await participant.exit()],
    ['coordinate', await command.exit()],
  ];
  for (const [name, { status, stdout, stderr }] of exits) {
    assert.equal(status, 0, stderr.slice(-2000));
    assertFree(`stderr of ${name}`, stderr, secrets);
    // Printing it is what coordinate is for.
    assertFree(`stdout of ${name}`, name === 'coordinate' ? stdout.replace(invitation, '') : stdout, secrets);
  }
  for (const { dataFolder } of [command, participant]) assertFilesFree(dataFolder, secrets);
}

/** Somebody with an invitation of another token: refused, and what he has is not repeated to him. */
async function assertRefusalFree(invitation: string): Promise<void> {
  const decoded = decodeInvitation(invitation);
  assert.ok(decoded.ok);
  const wrong = encodeInvitation({ ...decoded.value, token: 'f'.repeat(48) });
  await using stranger = new Command(['join', secretFile('wrong', wrong), '--name', 'lab-9', '--json']);
  const { status, stdout, stderr } = await stranger.exit();
  assert.equal(status, 1, stderr);
  for (const [place, text] of Object.entries({ stdout, stderr }))
    assertFree(place, text, { ...secretsOf(wrong), right: decoded.value.token });
}

/** What the machine lacks for it, in words. */
async function missingOf(transport: NamedProtocol): Promise<string | null> {
  try {
    await registrations[transport].check.find({ env: process.env, isInstalled: () => true, versionOf: () => '' });
    return null;
  } catch (error) {
    return String(error);
  }
}

describe('secrets stay where they belong', () => {
  for (const transport of namedProtocols) {
    test(`the token of a run over ${transport}`, async (t) => {
      const missing = await missingOf(transport);
      if (missing !== null) return void t.skip(missing);
      await using coordinator = await coordinate([...one, '--transport', transport]);
      await assertRefusalFree(coordinator.invitation);
      await assertRunFree(coordinator);
    });
  }

  test("user and password of somebody else's broker", async (t) => {
    const mosquitto = findMosquitto();
    if ('missing' in mosquitto) return void t.skip(mosquitto.missing);
    const passwords = joinPath(folder, 'passwords');
    const password = 'sesame-4711-open';
    execFileSync('mosquitto_passwd', ['-b', '-c', passwords, 'lab', password]);
    // Started by root, mosquitto reads it as somebody else.
    chmodSync(folder, 0o755);
    chmodSync(passwords, 0o644);
    await using broker = await startMosquitto(mosquitto.path, ['allow_anonymous false', `password_file ${passwords}`]);
    const address = broker.url.replace('//', `//lab:${password}@`);
    await using coordinator = await coordinate([
      ...one,
      '--transport',
      'mqtt',
      '--broker',
      secretFile('broker', address),
    ]);
    await assertRunFree(coordinator, { password });
    const wrong = secretFile('wrong-broker', address.replace(password, 'mellon-0815-open'));
    await using refused = new Command(['coordinate', ...one, '--transport', 'mqtt', '--broker', wrong]);
    const { status, stdout, stderr } = await refused.exit();
    assert.equal(status, 1);
    assert.match(stderr, /refused: .*; check the invitation, or user, password/);
    assertFree('the complaint', stdout + stderr, { password: 'mellon-0815-open' });
  });

  test('typed on the command line after all, they do not stay in the list of processes', async (t) => {
    if (process.platform !== 'linux') return void t.skip('reads /proc');
    await using coordinator = await coordinate(one);
    const env = { npm_lifecycle_event: 'roundscope' };
    await using participant = new Command(['join', coordinator.invitation, '--name', 'lab-1', '--json'], { env });
    await participant.until(() => hasJoined(coordinator.command, 'lab-1'));
    assertProcessesFree(participant.dataFolder, secretsOf(coordinator.invitation));
    assert.match(participant.stderr, /Every user of this machine can read the secret.*@FILE/);
    assert.ok(processesOf(participant.dataFolder).some(({ command }) => command === 'roundscope join'));
  });

  test('a file that is not there, or is none of that kind', async () => {
    mkdirSync(joinPath(folder, 'sub'));
    writeFileSync(joinPath(folder, 'long'), 'x'.repeat(70_000));
    const cases = { nowhere: /cannot be read/, sub: /cannot be read/, long: /more than 64 KiB/ };
    for (const [name, words] of Object.entries(cases)) {
      await using command = new Command(['join', `@${joinPath(folder, name)}`]);
      const { status, stderr } = await command.exit();
      assert.equal(status, 1, stderr);
      assert.match(stderr, words);
    }
  });
});
