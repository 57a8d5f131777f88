import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { keyWords } from '#shared/base/text/key-words.ts';
import { patienceMs, temporaryFolder, type Command, type Line } from '../command-line.ts';
import { coordinate, hasJoined, join } from '../federation.ts';

function said(command: Command, event: string, about: Readonly<Record<string, unknown>>): readonly Line[] {
  return command.lines.filter(
    (line) => line.event === event && Object.entries(about).every(([name, value]) => line[name] === value),
  );
}

function invitations(command: Command): readonly string[] {
  return command.lines.flatMap(({ event, invitation }) => (event === 'invitation' ? [String(invitation)] : []));
}

function asks(command: Command, participant: string): boolean {
  return said(command, 'admission', { participant, state: 'waiting' }).length > 0;
}

test('who asks is let in, refused or sent away from the terminal, and both ends say so', async () => {
  const dataFolder = temporaryFolder();
  const options = { typed: true, dataFolder } as const;
  await using run = await coordinate(['--participants', '2', '--rounds', '200', '--admit', 'ask,ben'], options);
  const { command, invitation } = run;
  await using anna = join(invitation, 'anna');
  await command.until((seen) => asks(seen, 'anna'));
  await anna.until((seen) => asks(seen, 'anna'));
  const [waiting] = said(command, 'admission', { participant: 'anna', state: 'waiting' });
  assert.match(keyWords(String(waiting?.['key'])), /^\w{5}(-\w{5}){3}$/);
  assert.ok(!hasJoined(command, 'anna'));

  await using mallory = join(invitation, 'mallory');
  await command.until((seen) => asks(seen, 'mallory'));
  command.type('refuse mallory');
  const refused = await mallory.exit();
  assert.equal(refused.status, 1, refused.stderr);
  assert.match(refused.stderr, /has not let mallory in/);
  assert.match(refused.stderr, /Ask the coordinator; tell it your name and the words of your key/);

  command.type('always anna');
  await command.until((seen) => hasJoined(seen, 'anna'));
  await anna.until((seen) => hasJoined(seen, 'anna'));
  await using ben = join(invitation, 'ben');
  await command.until((seen) => said(seen, 'round_ended', {}).length > 0, 2 * patienceMs);
  assert.ok(!asks(command, 'ben'), 'the list said so');

  command.type('expel ben sends noise');
  const expelled = await ben.exit();
  assert.equal(expelled.status, 1, expelled.stderr);
  assert.match(expelled.stderr, /sent ben away for the rest of this run: sends noise/);
  await command.until((seen) => said(seen, 'participant_expelled', { participant: 'ben' }).length === 1);
  await using again = join(invitation, 'ben', [], { dataFolder: ben.dataFolder });
  const out = await again.exit();
  assert.match(out.stderr, /sent ben away for the rest of this run/);

  command.type('nonsense');
  await command.until(/is nothing that can be said here/);
  command.type('expel nobody');
  await command.until(/Nobody of the name nobody takes part or waits/);
  const rounds = said(command, 'round_ended', {}).length;
  await command.until((seen) => said(seen, 'round_ended', {}).length > rounds + 1);
  command.interrupt();
  const { summary } = await command.exit();
  assert.equal(summary.status, 'interrupted');
  assert.equal((await anna.exit()).status, 130);

  // Her key is known on this machine from now on.
  await using next = await coordinate(['--participants', '1', '--rounds', '1', '--admit', 'ask'], { dataFolder });
  await using back = join(next.invitation, 'anna', [], { dataFolder: anna.dataFolder });
  assert.equal((await back.exit()).status, 0);
  assert.ok(!asks(next.command, 'anna'));
  rmSync(dataFolder, { recursive: true, force: true });
});

test('renewed and personal invitations, and a coordinator that is killed and remembers them', async () => {
  const state = temporaryFolder();
  const args = ['--participants', '3', '--rounds', '3', '--admit', 'ask', '--state', state];
  const data = { typed: true } as const;
  const first = await coordinate(args, data);
  const { command, invitation } = first;
  await using _first = first;
  await using anna = join(invitation, 'anna');
  await command.until((seen) => asks(seen, 'anna'));
  command.type('admit anna');
  await command.until((seen) => hasJoined(seen, 'anna'));
  command.type('renew');
  await command.until((seen) => invitations(seen).length === 2);
  const [, renewed = ''] = invitations(command);
  assert.notEqual(renewed, invitation);

  await using late = join(invitation, 'late');
  const replaced = await late.exit();
  assert.match(replaced.stderr, /was replaced by a newer one/);
  assert.match(replaced.stderr, /Ask the coordinator for the new invitation/);

  command.type('invite ben 1h');
  await command.until((seen) => invitations(seen).length === 3);
  const personal = invitations(command)[2] ?? '';
  await using thief = join(personal, 'mallory');
  const { status, stderr } = await thief.exit();
  assert.equal(status, 2);
  assert.match(stderr, /was made for ben, and lets in nobody of another name/);
  await using ben = join(personal, 'ben');
  await command.until((seen) => hasJoined(seen, 'ben'));
  assert.ok(!asks(command, 'ben'));
  await using carl = join(renewed, 'carl');
  await command.until((seen) => asks(seen, 'carl'));
  command.type('expel carl');
  await carl.exit();

  command.signal('SIGKILL');
  await command.exit();
  await using second = await coordinate(args, { ...data, dataFolder: command.dataFolder });
  assert.equal(second.invitation, renewed);
  await second.command.until((seen) => hasJoined(seen, 'anna') && hasJoined(seen, 'ben'));
  await using carlAgain = join(renewed, 'carl', [], { dataFolder: carl.dataFolder });
  assert.match((await carlAgain.exit()).stderr, /sent carl away for the rest of this run/);
  await using lateAgain = join(invitation, 'late-2');
  assert.match((await lateAgain.exit()).stderr, /was replaced by a newer one/);
  await using dora = join(renewed, 'dora');
  await second.command.until((seen) => asks(seen, 'dora'));
  second.command.type('admit dora');
  for (const one of [second.command, anna, ben, dora]) assert.equal((await one.exit(2 * patienceMs)).status, 0);
  rmSync(state, { recursive: true, force: true });
});

test('a list lets in nobody else, and says so', async () => {
  await using run = await coordinate(['--participants', '1', '--rounds', '1', '--admit', 'anna']);
  await using mallory = join(run.invitation, 'mallory');
  assert.match((await mallory.exit()).stderr, /takes those on the coordinator's list, and mallory is not on it/);
  await using anna = join(run.invitation, 'anna');
  assert.equal((await anna.exit()).status, 0);
});

test('a stdin that cannot be read, as under nohup, ends nothing', { skip: process.platform === 'win32' }, async () => {
  await using run = await coordinate(['--participants', '1', '--rounds', '1'], { before: 'exec 0>/dev/null; exec' });
  await using lab = join(run.invitation, 'lab-1');
  assert.equal((await lab.exit()).status, 0);
  const { status, stderr } = await run.command.exit();
  assert.equal(status, 0, stderr);
});
