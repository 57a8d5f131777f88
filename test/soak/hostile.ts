import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Invitation } from '#shared/contract/app/invitation.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import { attackOutsideAmqp, giveAllRights, queuesOf } from '#test/support/hostile/amqp-stranger.ts';
import {
  invitationIn,
  checked,
  missingSoFar,
  refusalsOf,
  roundsDone,
  slowTraining,
  strangersIn,
  unexpectedEnds,
  verdictsIn,
} from '#test/support/hostile/besieged.ts';
import { attackDomain } from '#test/support/hostile/dds-stranger.ts';
import { floodFromWithin, nonsenseFromWithin } from '#test/support/hostile/insider.ts';
import { Ledger } from '#test/support/hostile/ledger.ts';
import { growthIn } from '#test/support/hostile/memory-slope.ts';
import { attackBroker, attackPorts, tcpPortsOf } from '#test/support/hostile/siege.ts';
import { idleConnections, malformedConnections, slowLoris } from '#test/support/hostile/tcp.ts';
import { startRabbitmq } from '#test/support/brokers/rabbitmq.ts';
import type { Command, CommandOptions } from '../cli/command-line.ts';
import { coordinate, hasJoined, join } from '../cli/federation.ts';
import { hostileReport, verdictLine, type FederationResult, type HostileResult } from './hostile-report.ts';

const names = ['lab-1', 'lab-2', 'lab-3'] as const;
/** Of each round at least; so slow that five federations and their attackers find room on two cores. */
const trainingMs = 14_500;
/** With it, what is planned takes the time that was asked for. */
const roundMs = 15_000;
const [idlePerPort, lorisesPerPort, malformedPerPass, framesPerFlood] = [100, 10, 2000, 20_000];
/** Between two passes of the suite over all federations. */
const pauseMs = 15_000;
/** Between two reports of how far it is. */
const reportMs = 60_000;
/** Of each process's memory; a long run has one a minute. */
const samplesMin = 12;

export interface HostileOptions {
  readonly minutes: number;
  readonly over: readonly Protocol[];
  /** Where figures, recordings and reports stay; null: nowhere. */
  readonly folder: string | null;
  /** Breaks it off: what is known by then is the result. */
  readonly signal: AbortSignal;
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
export async function soakHostile({ minutes, over, folder, signal }: HostileOptions): Promise<HostileResult> {
  const rounds = Math.ceil((minutes * 60_000) / roundMs);
  const limitMs = minutes * 60_000 * 3 + 600_000;
  const startedMs = performance.now();
  await using owned = new AsyncDisposableStack();
  const root = folder ?? mkdtempSync(joinPath(tmpdir(), 'roundscope-hostile-'));
  if (folder === null) owned.defer(() => rmSync(root, { recursive: true, force: true }));
  const besieged: Besieged[] = [];
  // One after another: all at once would start twenty processes in the same second.
  for (const protocol of over) besieged.push(await begin(protocol, { rounds, root, limitMs }, owned));
  const ledger = new Ledger();
  const end = new AbortController();
  owned.defer(() => end.abort());
  const enough = AbortSignal.any([end.signal, signal]);
  const progress = { passes: 0 };
  const result = (): HostileResult => {
    const federations = besieged.map((one) => resultOf(one, rounds));
    const attacks = ledger.table;
    const violations = [...federations.flatMap(violationsOf), ...neverReached(ledger)];
    const lasted = Math.round((performance.now() - startedMs) / 6000) / 10;
    return { minutes: lasted, passes: progress.passes, federations, attacks, violations };
  };
  using _reports = reportEvery(root, result);
  const ends = besieged.flatMap(({ command, labs }) => [command, ...labs].map((one) => one.exit(limitMs)));
  void Promise.allSettled(ends).then(() => end.abort());
  for (const { invitation, ended } of besieged) await hold(invitation, ledger, AbortSignal.any([ended, enough]));
  await besiege(besieged, ledger, enough, progress);
  return result();
}

/** What is known so far, as a report; and a line of how busy this machine was, by which verdicts are checked. */
function reportEvery(root: string, result: () => HostileResult): Disposable {
  let before = busyMs();
  const timer = setInterval(() => {
    const now = busyMs();
    const busy = (now - before) / reportMs / availableParallelism();
    before = now;
    const so = result();
    const { passes, federations, violations } = so;
    const done = federations.map(({ over, status, rounds, lost, verdicts, reconnects, refusals }) => ({
      ...{ over, status, rounds, lost, verdicts: verdicts.length, reconnects, refusals },
    }));
    const line = { at: new Date().toISOString(), busy, load: loadavg()[0], passes, done, violations };
    appendFileSync(joinPath(root, 'figures.jsonl'), `${JSON.stringify(line)}\n`);
    writeFileSync(joinPath(root, 'report.md'), hostileReport(so));
  }, reportMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Of all processors together, whoever keeps them busy. */
function busyMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}

async function begin(
  over: Protocol,
  { rounds, root, limitMs }: { readonly rounds: number; readonly root: string; readonly limitMs: number },
  owned: AsyncDisposableStack,
): Promise<Besieged> {
  const folder = joinPath(root, over);
  const everyMs = Math.min(60_000, rounds * (trainingMs / samplesMin));
  const optionsOf = (who: string): CommandOptions => {
    const dataFolder = joinPath(folder, who);
    mkdirSync(dataFolder, { recursive: true });
    return { env: slowTraining(trainingMs, { folder, everyMs }), keep: checked, dataFolder };
  };
  const rabbit = over === 'amqp' ? owned.use(await startRabbitmq('hostile')) : null;
  if (rabbit !== null) await giveAllRights(rabbit);
  const broker = rabbit === null ? [] : ['--broker', rabbit.url];
  const args = ['--participants', '3', '--rounds', String(rounds), '--transport', over, ...broker];
  const { command, invitation: text } = owned.use(await coordinate(args, optionsOf('coordinator')));
  const labs = names.map((name) => owned.use(join(text, name, [], optionsOf(name))));
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
async function besiege(
  besieged: readonly Besieged[],
  ledger: Ledger,
  signal: AbortSignal,
  progress: { passes: number },
): Promise<void> {
  for (;;) {
    for (const { over, invitation, attack, ended: runEnded } of besieged) {
      if (signal.aborted) return;
      // Nobody is there any more: what is thrown at a closed port says nothing.
      const ended = AbortSignal.any([runEnded, signal]);
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
    progress.passes++;
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

async function flood(ports: readonly number[], ledger: Ledger, signal: AbortSignal): Promise<void> {
  if (ports.length > 0) await malformedConnections(ports, malformedPerPass, ledger, { atOnce: 16, signal });
}

/** By what its processes have told so far. */
function resultOf({ over, command, labs, folder }: Besieged, rounds: number): FederationResult {
  const own = labs.map((lab, index) => ({ lab, name: names[index] ?? '' }));
  return {
    over,
    status: statusOf(command),
    rounds: [roundsDone(command), rounds],
    lost: missingSoFar(command, names),
    verdicts: [...verdictsIn(command, 'the coordinator'), ...own.flatMap(({ lab, name }) => verdictsIn(lab, name))],
    strangers: strangersIn(command, names),
    ends: [command, ...labs].flatMap((one) => unexpectedEnds(one)),
    reconnects: reconnectsIn(labs),
    refusals: refusalsOf(command),
    memory: growthIn(folder),
  };
}

function statusOf({ lines }: Command): string {
  const last = lines.at(-1);
  return last?.event === 'summary' ? String(last['status']) : 'running';
}

function reconnectsIn(labs: readonly Command[]): number {
  const counts = labs.map(({ lines }) => lines.findLast(({ event }) => event === 'link_state')?.['reconnects']);
  return counts.reduce<number>((sum, count) => sum + Number(count ?? 0), 0);
}

function violationsOf(result: FederationResult): readonly string[] {
  const { over, status, rounds, lost, verdicts, strangers, ends, memory } = result;
  const [done, planned] = rounds;
  return [
    ...(status === 'completed' && done === planned ? [] : [`${over}: ${status} after ${done} of ${planned} rounds`]),
    ...(lost === 0 ? [] : [`${over}: ${lost} contributions lost`]),
    ...verdicts.map((verdict) => `${over}: verdict to be checked: ${verdictLine(verdict).slice(0, 100)}`),
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
