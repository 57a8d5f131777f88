import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { patienceMs, roundscope, temporaryFolder, type Exit } from '#test/cli/command-line.ts';
import { invitationIn } from '#test/support/hostile/besieged.ts';
import { coordinate, hasJoined, join } from '#test/cli/federation.ts';

/** What `roundscope broker-rules` made, and where. */
export interface OwnBroker {
  readonly folder: string;
  readonly run: string;
  /** Lines of the rules' words that begin with two blanks, without them. */
  readonly steps: readonly string[];
  url(who: string): string;
}

/** Asks for the rules as a user does, and reads what was made. */
export async function makeRules(folder: string, args: readonly string[]): Promise<OwnBroker> {
  const exit = await roundscope(['broker-rules', ...args, '--to', folder]);
  assert.equal(exit.status, 0, exit.stderr);
  const read = (name: string): string => readFileSync(joinPath(folder, name), 'utf8');
  for (const name of ['coordinator', 'participants'])
    assert.equal(statSync(joinPath(folder, name)).mode & 0o777, 0o600);
  const lines = [`coordinator ${read('coordinator')}`, ...read('participants').split('\n')].map((line) =>
    line.trim().split(' '),
  );
  const urls = new Map(lines.map(([who = '', url = '']) => [who, url]));
  for (const url of urls.values()) if (url !== '') assert.doesNotMatch(exit.stdout, new RegExp(new URL(url).password));
  const steps = exit.stdout.split('\n').flatMap((line) => (line.startsWith('  ') ? [line.slice(2)] : []));
  return { folder, run: /run (\S+)/.exec(exit.stdout)?.[1] ?? '', steps, url: (who) => urls.get(who) ?? '' };
}

/** Processes take their time to start: as patient as whoever waits for them. */
export async function inTime(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const untilMs = performance.now() + patienceMs; !(await condition()); await delay(50))
    assert.ok(performance.now() < untilMs, `it did not come to ${condition.toString()}`);
}

export interface Attack {
  /** While the run goes on; resolves when all has been tried. `joined`: both take part. */
  readonly attack: (joined: Promise<void>) => Promise<void>;
  /** After the run, with Ben's invitation to it. */
  readonly afterwards?: (ben: string) => Promise<void>;
}

/** How both ends come to trust a broker whose certificate no authority signed that all know. */
export interface OwnAuthority {
  readonly coordinate?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A run of two participants, each by an invitation of its own, with whoever attacks beside them. */
export async function runOfTwo(
  { folder, run }: OwnBroker,
  parts: { readonly transport: 'mqtt' | 'amqp'; readonly authority?: OwnAuthority } & Attack,
): Promise<Exit> {
  const { transport, attack, afterwards, authority = {} } = parts;
  const { env = {} } = authority;
  const state = joinPath(folder, 'state');
  const invitations = temporaryFolder();
  const args = ['--state', state, '--transport', transport, '--participants', '2', '--rounds', '2'];
  const credentials = ['--broker-credentials', joinPath(folder, 'participants')];
  const broker = ['--broker', `@${joinPath(folder, 'coordinator')}`, ...credentials];
  await using coordinator = await coordinate([...args, ...broker, ...(authority.coordinate ?? [])], {
    typed: true,
    env,
  });
  assert.equal(invitationIn(coordinator.invitation).run, run);
  const password = new URL(readFileSync(joinPath(folder, 'coordinator'), 'utf8').trim()).password;
  const everybodys = Buffer.from(/i=([^.]+)/.exec(coordinator.invitation)?.[1] ?? '', 'base64url').toString();
  assert.ok(!everybodys.includes(password), "the coordinator's password is in the invitation");
  const refused = await roundscope(['invite', 'anna', '--state', state, '--print']);
  assert.deepEqual([refused.status, refused.stdout], [2, '']);
  assert.match(refused.stderr, /each participant is a user of its own: say --broker-credentials FILE/);
  const made = await roundscope(['invite', 'anna,ben', '--state', state, ...credentials, '--to', invitations]);
  assert.equal(made.status, 0, made.stderr);
  const paths = made.stdout.trim().split('\n');
  assert.equal(paths.length, 2);
  for (const path of paths) assert.equal(statSync(path).mode & 0o777, 0o600);
  // The same by a word in the terminal of who coordinates.
  coordinator.command.type('invite mallory');
  await coordinator.command.until(/has no user for mallory/);
  coordinator.command.type('invite ben');
  const typed = (): unknown =>
    coordinator.command.lines.find(({ event, name }) => event === 'invitation' && name === 'ben')?.['invitation'];
  await coordinator.command.until(() => typed() !== undefined);
  const joined = Promise.withResolvers<void>();
  const attacking = attack(joined.promise);
  attacking.catch(() => undefined);
  await using _anna = join(`@${paths[0]}`, 'anna', [], { env });
  await using _ben = join(String(typed()), 'ben', [], { env });
  for (const name of ['anna', 'ben']) await coordinator.command.until((seen) => hasJoined(seen, name));
  joined.resolve();
  await attacking;
  const exit = await coordinator.command.exit(3 * patienceMs);
  await afterwards?.(`@${paths[1]}`);
  return exit;
}

/** Each update of each participant counted, once. A machine that is busy may lose a link in between, which resumes. */
export function assertUndisturbed({ status, stderr, lines }: Exit): void {
  assert.equal(status, 0, stderr);
  const counted = lines.filter(({ event, counted: counts }) => event === 'update_received' && counts === true);
  assert.equal(counted.length, 4);
  const cut = lines.filter(({ event, state }) => event === 'broker_state' && state === 'lost');
  assert.deepEqual(cut, [], 'somebody cut the coordinator off from its broker');
}
