import { timing } from '#shared/contract/limits.ts';
import { brokerCause } from './broker-causes.ts';
import { evidence, injected, listed, seconds, subjects, type Finding } from '../finding.ts';
import { elapsedMs, type ProcessObservation, type RunObservation } from '../observation.ts';
import { awaitsReturn, backMs, linkRules, type SharedCause } from './shared-cause.ts';

const progressRules: ReadonlySet<string> = new Set(['trainer-frozen', 'trainer-starved', 'first-step-slow']);

/** What the operating system or the participant itself says is so whoever else is in trouble. */
const everything = ({ rule }: Finding): boolean =>
  linkRules.has(rule) || progressRules.has(rule) || rule === 'connection-per-message';

/** The coordinator's process, then its broker: while they are away nothing can be known of anybody. */
export function sharedCause(run: RunObservation, standing: readonly StandingCause[] = []): SharedCause | null {
  return coordinatorGone(run) ?? coordinatorFrozen(run, standing) ?? coordinatorBack(run) ?? brokerCause(run);
}

function coordinatorGone(run: RunObservation): SharedCause | null {
  const gone = run.coordinatorGone;
  if (gone === null) return null;
  const finding: Finding = {
    rule: 'coordinator-restarting',
    layer: 'application',
    subject: subjects.coordinator,
    sentence: 'The coordinator is gone and is being started again: all links are down until it is back.',
    explanation: `The operating system reports it (${gone.text}). It goes on${run.wait === null ? '' : ` with round ${run.wait.round}`} from what it kept on disk; participants dial again by themselves.`,
    since: gone.at,
    evidence: [gone],
    fault: injected(run.faults, ['kill-coordinator'], gone.at, run),
  };
  return { finding, explains: everything };
}

/** It tells of itself once a second. */
const frozenMs = 4000;

/** For how long after its first sign a coordinator's own clock may take to say how long it stood still. */
const firstTickMs = 1500;

function coordinatorFrozen(run: RunObservation, standing: readonly StandingCause[]): SharedCause | null {
  const { coordinator } = run;
  if (coordinator === null) return null;
  const stands = standing.some(({ rule }) => rule === 'coordinator-frozen');
  const untold = run.now - coordinator.told.at >= frozenMs && run.now - coordinator.backAt < firstTickMs;
  if (elapsedMs(run, coordinator.signAt) < frozenMs && !(stands && untold)) return null;
  const others = [...run.processes].filter(([name]) => name !== 'coordinator');
  const ticking = others.filter(([, { signAt }]) => elapsedMs(run, signAt) <= frozenMs / 2);
  // Where the others' clocks have stopped as well it is not the coordinator.
  if (ticking.length * 2 < others.length) return null;
  const finding: Finding = {
    rule: 'coordinator-frozen',
    layer: 'application',
    subject: subjects.coordinator,
    sentence: 'The coordinator stands still: its process was stopped or gets no processor.',
    explanation: `Its own clock has said nothing since ${coordinator.told.text}, and the process is still there. Until it goes on nobody is heard and nobody can be blamed for silence.`,
    since: coordinator.signAt,
    evidence: [coordinator.told],
  };
  return { finding, explains: everything };
}

function coordinatorBack(run: RunObservation): SharedCause | null {
  const pause = run.coordinatorPause;
  if (
    pause === null ||
    pause.to - pause.from < frozenMs ||
    (run.now - pause.to > backMs && !awaitsReturn(run, pause.to))
  )
    return null;
  const finding: Finding = {
    rule: 'coordinator-frozen',
    layer: 'application',
    subject: subjects.coordinator,
    sentence: `The coordinator goes on: its process stood still for ${seconds(pause.to - pause.from)}.`,
    explanation: 'Participants whose links were given up meanwhile dial again by themselves.',
    since: pause.from,
    evidence: [pause.told],
    ages: true,
  };
  return { finding, explains: everything };
}

/** Fewer than these, or less than half of those waited for, may well have their own troubles. */
const togetherMin = 2;
const progressTogetherMin = 3;
const togetherMs = 3000;
/** Late clocks are held to be of one time when they lie within this. */
const lateWindowMs = 5000;
const severeMs = 700;

/** A verdict on what is shared that stands already: whoever still suffers from it is not named instead. */
export interface StandingCause {
  readonly rule: string;
  readonly since: number;
}

/**
 * Several at once: what most of those who are waited for suffer from in the same seconds is nobody's own. Where the clocks
 * of this machine's processes run late, it is the machine.
 * @param waited how many are waited for
 */
export function commonCause(
  findings: readonly Finding[],
  waited: number,
  run: RunObservation,
  standing: readonly StandingCause[],
): SharedCause | null {
  const own = findings.filter(({ fault }) => fault === undefined);
  const links = own.filter(({ rule }) => linkRules.has(rule) || rule === 'process-frozen');
  const steps = run.chair === 'demo' ? own.filter(({ rule }) => progressRules.has(rule)) : [];
  const both = [...links, ...steps];
  if (run.chair === 'demo' && both.length > 0) {
    const late = lateProcesses(run);
    const stands = standing.some(({ rule }) => rule === 'machine-overloaded');
    if (late !== null && (late.severe || stands || both.length >= togetherMin)) return machine(late, both, run);
    if (steps.length >= progressTogetherMin && steps.length * 2 >= waited) return machine(late, steps, run);
  }
  const known = standing.find(({ rule }) => rule === 'many-out-of-reach')?.since;
  const firstAt = known ?? Math.min(...links.map(({ since }) => since));
  // Silence counts from what was last heard, a lost link from when it was given up for that: the same trouble, told by another rule.
  const apartMs = togetherMs + (known === undefined ? 0 : timing.peerSilentMs);
  const together = links.filter(({ since }) => Math.abs(since - firstAt) <= apartMs);
  if (together.length < (known === undefined ? togetherMin : 1)) return null;
  if (known === undefined && together.length * 10 < waited * 6) return null;
  return network(together, run);
}

interface Late {
  readonly processes: readonly (readonly [string, ProcessObservation])[];
  readonly worstMs: number;
  /** So late that even one silent participant may be no more than that. */
  readonly severe: boolean;
}

/** Processes of this machine whose clocks ran late in the last seconds, when they are many. */
function lateProcesses(run: RunObservation): Late | null {
  const all = [...run.processes];
  const lateMs = ({ late, signAt }: ProcessObservation): number =>
    Math.max(late !== null && elapsedMs(run, late.at) <= lateWindowMs ? late.ms : 0, elapsedMs(run, signAt) - 1200);
  const late = all.filter(([, process]) => lateMs(process) >= 200);
  if (late.length < 3 || late.length * 5 < all.length) return null;
  const severe = late.filter(([, process]) => lateMs(process) >= severeMs).length * 4 >= all.length;
  return { processes: late, worstMs: Math.max(...late.map(([, process]) => lateMs(process))), severe };
}

function machine(late: Late | null, suffering: readonly Finding[], run: RunObservation): SharedCause {
  const count = run.processes.size;
  const cores = run.cores === null ? '' : ` on ${run.cores} ${run.cores === 1 ? 'core' : 'cores'}`;
  const names = suffering.map(({ subject }) => subject);
  const cpu = [...run.processes.values()].reduce((sum, { cpuPercent }) => sum + cpuPercent, 0);
  const covered = new Set(names);
  return {
    finding: {
      rule: 'machine-overloaded',
      layer: 'application',
      subject: subjects.machine,
      sentence: `This machine is overloaded: ${count} processes${cores}.`,
      explanation:
        `${names.length === 1 ? 'One participant waits' : `${names.length} participants wait`} for the processor at the same time (${listed(names)}); none of them is to blame. ` +
        (late === null
          ? `Together the processes use ${Math.round(cpu)} % of a core.`
          : `${late.processes.length} of ${count} processes ran up to ${seconds(late.worstMs)} late.`),
      since: Math.min(...suffering.map(({ since }) => since)),
      evidence: evidence(
        ...(late?.processes ?? []).slice(0, 4).map(([, { told }]) => told),
        ...suffering.slice(0, 4).flatMap((finding) => finding.evidence.slice(-1)),
      ),
    },
    explains: ({ subject, rule }) =>
      covered.has(subject) && (linkRules.has(rule) || progressRules.has(rule) || rule === 'process-frozen'),
  };
}

function network(together: readonly Finding[], run: RunObservation): SharedCause {
  const names = together.map(({ subject }) => subject);
  const covered = new Set(names);
  const times = together.map(({ since }) => since);
  const where =
    run.chair === 'demo' ? 'on this machine' : "in the coordinator's own network, or in one that they share";
  return {
    finding: {
      rule: 'many-out-of-reach',
      layer: 'link',
      subject: subjects.network,
      sentence: 'Several participants went out of reach at once: what they share is to blame, not one of them.',
      explanation: `${listed(names)}, within ${seconds(Math.max(...times) - Math.min(...times))}. The cause lies ${where}.`,
      since: Math.min(...times),
      evidence: evidence(...together.slice(0, 6).flatMap((finding) => finding.evidence.slice(0, 1))),
    },
    explains: ({ subject, rule }) => covered.has(subject) && linkRules.has(rule),
  };
}
