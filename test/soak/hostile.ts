import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Invitation } from '#shared/contract/invitation.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import { attackOutsideAmqp, giveAllRights, queuesOf } from '#test/support/hostile/amqp-stranger.ts';
import {
  invitationIn,
  lostContributions,
  refusalsOf,
  slowTraining,
  strangersIn,
  unexpectedEnds,
} from '#test/support/hostile/besieged.ts';
import { attackDomain } from '#test/support/hostile/dds-stranger.ts';
import { floodFromWithin, nonsenseFromWithin } from '#test/support/hostile/insider.ts';
import { Ledger } from '#test/support/hostile/ledger.ts';
import { growthIn, type Growth } from '#test/support/hostile/memory-slope.ts';
import { attackBroker, attackPorts, tcpPortsOf } from '#test/support/hostile/siege.ts';
import { idleConnections, malformedConnections, slowLoris } from '#test/support/hostile/tcp.ts';
import { startRabbitmq } from '#test/support/rabbitmq.ts';
import type { Command } from '../cli/command-line.ts';
import { coordinate, hasJoined, join } from '../cli/federation.ts';

const names = ['lab-1', 'lab-2', 'lab-3'] as const;
/** Of each round at least; so slow that five federations and their attackers find room on two cores. */
const trainingMs = 10_000;
const [idlePerPort, lorisesPerPort, malformedPerPass, framesPerFlood] = [100, 10, 2000, 20_000];
/** Between two passes of the suite over all federations. */
const pauseMs = 5000;
/** Of each process's memory; a long run has one a minute. */
const samplesMin = 12;

export interface HostileResult {
  readonly minutes: number;
  readonly passes: number;
  readonly federations: readonly FederationResult[];
  readonly attacks: Ledger['table'];
  /** Empty: it held. */
  readonly violations: readonly string[];
}

interface FederationResult {
  readonly over: Protocol;
  readonly status: string;
  readonly rounds: readonly [number, number];
  readonly lost: number;
  readonly verdicts: readonly string[];
  readonly strangers: readonly string[];
  readonly ends: readonly string[];
  readonly reconnects: number;
  readonly refusals: number;
  readonly memory: readonly Growth[];
}

interface Besieged {
  readonly over: Protocol;
  readonly command: Command;
  readonly invitation: Invitation;
  readonly labs: readonly Command[];
  readonly folder: string;
  /** Its coordinator has ended. */
  readonly ended: AbortSignal;
  /** What only this one can be attacked with. */
  readonly attack: (ledger: Ledger) => Promise<unknown>;
}

/** Runs of three participants over each transport for so long, and the hostile suite beside them in a loop. */
export async function soakHostile(minutes: number, over: readonly Protocol[]): Promise<HostileResult> {
  const rounds = Math.ceil((minutes * 60_000) / trainingMs);
  const limitMs = minutes * 60_000 * 3 + 600_000;
  const startedMs = performance.now();
  await using owned = new AsyncDisposableStack();
  const root = mkdtempSync(joinPath(tmpdir(), 'roundscope-hostile-'));
  owned.defer(() => rmSync(root, { recursive: true, force: true }));
  const besieged: Besieged[] = [];
  // One after another: all at once would start twenty processes in the same second.
  for (const protocol of over) besieged.push(await begin(protocol, { rounds, root, limitMs }, owned));
  const ledger = new Ledger();
  const end = new AbortController();
  owned.defer(() => end.abort());
  const ends = Promise.all(besieged.map(({ command }) => command.exit(limitMs)));
  const allOver = ends.finally(() => end.abort());
  allOver.catch(() => undefined);
  for (const { invitation, ended } of besieged) await hold(invitation, ledger, ended);
  const passes = await besiege(besieged, ledger, end.signal);
  await allOver;
  const federations = await Promise.all(besieged.map((one) => resultOf(one, rounds, limitMs)));
  return {
    minutes: Math.round((performance.now() - startedMs) / 6000) / 10,
    passes,
    federations,
    attacks: ledger.table,
    violations: [...federations.flatMap(violationsOf), ...neverReached(ledger)],
  };
}

async function begin(
  over: Protocol,
  { rounds, root, limitMs }: { readonly rounds: number; readonly root: string; readonly limitMs: number },
  owned: AsyncDisposableStack,
): Promise<Besieged> {
  const folder = joinPath(root, over);
  mkdirSync(folder);
  const options = {
    env: slowTraining(trainingMs, { folder, everyMs: Math.min(60_000, rounds * (trainingMs / samplesMin)) }),
  };
  const rabbit = over === 'amqp' ? owned.use(await startRabbitmq('hostile')) : null;
  if (rabbit !== null) await giveAllRights(rabbit);
  const broker = rabbit === null ? [] : ['--broker', rabbit.url];
  const args = ['--participants', '3', '--rounds', String(rounds), '--transport', over, ...broker];
  const { command, invitation: text } = owned.use(await coordinate(args, options));
  const labs = names.map((name) => owned.use(join(text, name, [], options)));
  for (const name of names) await command.until((seen) => hasJoined(seen, name));
  const invitation = invitationIn(text);
  const attack = async (ledger: Ledger): Promise<unknown> => {
    const [endpoint] = invitation.endpoints;
    if (rabbit !== null) return await attackOutsideAmqp(rabbit.url, invitation.run, () => queuesOf(rabbit), ledger);
    return over === 'dds' && endpoint !== undefined && (await attackDomain(invitation, endpoint, names[0], ledger));
  };
  const end = new AbortController();
  void command.exit(limitMs).then(
    () => end.abort(),
    () => end.abort(),
  );
  return { over, command, invitation, labs, folder, attack, ended: end.signal };
}

/** Connections that are there all the time. */
async function hold(invitation: Invitation, ledger: Ledger, signal: AbortSignal): Promise<void> {
  const ports = tcpPortsOf(invitation);
  if (ports.length === 0) return;
  await idleConnections(ports, idlePerPort, ledger, signal);
  for (const port of ports) slowLoris(port, lorisesPerPort, ledger, signal);
}

/** One after another, so that none hides behind the load of the next; until the runs are over. */
async function besiege(besieged: readonly Besieged[], ledger: Ledger, signal: AbortSignal): Promise<number> {
  for (let passes = 0; ; passes++) {
    for (const { over, invitation, attack, ended } of besieged) {
      if (signal.aborted) return passes;
      // Nobody is there any more: what is thrown at a closed port says nothing.
      const steps = [
        () => attackPorts(invitation, ledger, ended),
        () => attackBroker(invitation, names[1], ledger),
        () => nonsenseFromWithin(invitation, over, ledger, ended),
        () => floodFromWithin(invitation, over, ledger, framesPerFlood),
        () => attack(ledger),
        () => flood(tcpPortsOf(invitation), ledger, ended),
      ];
      for (const step of steps)
        if (!ended.aborted)
          await step().catch((error: unknown) => {
            process.stderr.write(`an attack over ${over} broke off: ${String(error)}\n`);
          });
    }
    process.stderr.write(`pass ${passes + 1} is over\n`);
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

async function flood(ports: readonly number[], ledger: Ledger, signal: AbortSignal): Promise<void> {
  if (ports.length > 0) await malformedConnections(ports, malformedPerPass, ledger, { atOnce: 16, signal });
}

async function resultOf(
  { over, command, labs, folder }: Besieged,
  rounds: number,
  limitMs: number,
): Promise<FederationResult> {
  const { status, summary } = await command.exit();
  const own = await Promise.all(labs.map((lab) => lab.exit(limitMs)));
  const honest = summary.participants.filter(({ id }) => names.some((name) => name === id));
  return {
    over,
    status: [status, ...own.map((exit) => exit.status)].every((code) => code === 0)
      ? summary.status
      : `${summary.status}: ${summary.reason}`,
    rounds: [summary.rounds_completed, rounds],
    lost: lostContributions(summary, names),
    verdicts: [summary, ...own.map((exit) => exit.summary)].flatMap(({ verdicts }) =>
      verdicts.map(({ rule, subject, since }) => `${rule} on ${subject} at ${since}`),
    ),
    strangers: strangersIn(command, names),
    ends: [command, ...labs].flatMap((one) => unexpectedEnds(one)),
    reconnects: honest.reduce((sum, { reconnects }) => sum + reconnects, 0),
    refusals: refusalsOf(command),
    memory: growthIn(folder),
  };
}

function violationsOf({
  over,
  status,
  rounds,
  lost,
  verdicts,
  strangers,
  ends,
  memory,
}: FederationResult): readonly string[] {
  const [done, planned] = rounds;
  return [
    ...(status === 'completed' && done === planned ? [] : [`${over}: ${status} after ${done} of ${planned} rounds`]),
    ...(lost === 0 ? [] : [`${over}: ${lost} contributions lost`]),
    ...verdicts.map((verdict) => `${over}: verdict ${verdict}`),
    ...strangers.map((name) => `${over}: ${name} takes part`),
    ...ends.map((end) => `${over}: a process ended, ${end}`),
    ...memory
      .filter(({ grows }) => grows)
      .map((one) => `${over}: the memory of ${one.name} grows by ${one.heapMbAnHour.toFixed(1)} MB an hour`),
  ];
}

function neverReached(ledger: Ledger): readonly string[] {
  return Object.entries(ledger.table).flatMap(([kind, { reached }]) =>
    reached === 0 ? [`${kind}: never reached its target`] : [],
  );
}

/** For people, and for the file of results. */
export function hostileReport({ minutes, passes, federations, attacks, violations }: HostileResult): string {
  const figures = ([from, to]: readonly [number, number], anHour: number): string =>
    `${from.toFixed(0)} → ${to.toFixed(0)} (${anHour >= 0 ? '+' : ''}${anHour.toFixed(0)})`;
  return [
    `${minutes} minutes, ${passes} passes of the suite.`,
    '',
    '| over | rounds | contributions lost | verdicts | reconnects of the three | refusals told |',
    '|---|---:|---:|---:|---:|---:|',
    ...federations.map(
      ({ over, rounds, lost, verdicts, reconnects, refusals }) =>
        `| ${over} | ${rounds[0]} of ${rounds[1]} | ${lost} | ${verdicts.length} | ${reconnects} | ${refusals} |`,
    ),
    '',
    '| process; of several the one that grew most | alive after collection, MB (an hour) | resident, MB (an hour) |',
    '|---|---|---|',
    ...federations.flatMap(({ over, memory }) =>
      worstOfEachKind(memory).map(
        (one) =>
          `| ${over}: ${kindOf(one)} | ${figures(one.heapMb, one.heapMbAnHour)} | ${figures(one.rssMb, one.rssMbAnHour)} |`,
      ),
    ),
    '',
    '| attacks | made | reached |',
    '|---|---:|---:|',
    ...[...groups(attacks)].map(([group, { made, reached }]) => `| ${group} | ${made} | ${reached} |`),
    '',
    violations.length === 0 ? 'It held.' : `It did not hold:\n${violations.map((line) => `- ${line}`).join('\n')}`,
    '',
  ].join('\n');
}

function kindOf({ name }: Growth): string {
  return name.replace(/ lab-\d$| coordinator$/, '').replace(/^headless (\w+)$/, 'service of `$1`');
}

function worstOfEachKind(memory: readonly Growth[]): readonly Growth[] {
  const worst = new Map<string, Growth>();
  for (const one of memory) {
    const known = worst.get(kindOf(one));
    if (known === undefined || one.heapMb[1] - one.heapMb[0] > known.heapMb[1] - known.heapMb[0])
      worst.set(kindOf(one), one);
  }
  return [...worst.values()];
}

/** Kinds that begin alike, `TCP: garbage` and `TCP: a JSON bomb`. */
function groups(attacks: Ledger['table']): ReadonlyMap<string, { readonly made: number; readonly reached: number }> {
  const sums = new Map<string, { made: number; reached: number }>();
  for (const [kind, { made, reached }] of Object.entries(attacks)) {
    const group = kind.split(':')[0] ?? kind;
    const sum = sums.get(group) ?? { made: 0, reached: 0 };
    sums.set(group, { made: sum.made + made, reached: sum.reached + reached });
  }
  return sums;
}
