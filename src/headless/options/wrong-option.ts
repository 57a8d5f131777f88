import type { z } from 'zod';
import { brokerAt, hasBroker } from '#shared/contract/brokers.ts';
import { namedProtocols, namedProtocolSchema, type ControlMode } from '#shared/contract/protocols.ts';
import { plannedProtocols, type TransportPlan } from '#shared/contract/run/transport-plan.ts';

/** Settings that the command line calls by another name than the contract does. */
const optionNames: Readonly<Record<string, string>> = {
  minimumParticipants: 'participants',
  deadlineMs: 'deadline',
  paceMs: 'pace',
  trainingDeadlineMs: 'deadline',
  evaluationDeadlineMs: 'deadline',
  registrationDeadlineMs: 'wait',
};

/** One sentence about the first setting that is not valid, under the name of its option. */
export function wrongOption({ issues }: Pick<z.ZodError, 'issues'>): string {
  const [issue] = issues;
  const setting = String(issue?.path[0] ?? '');
  if (setting === 'transport') return transportChoice();
  const name = optionNames[setting] ?? setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (setting === 'weightCap' || setting === 'normClip') return `--${name} takes a number from 1 to 1000, or off.`;
  if (issue?.code === 'invalid_type') return `--${name} takes a number.`;
  // Milliseconds within, seconds for people.
  if (setting === 'paceMs') return '--pace takes 0 to 120 seconds.';
  if (setting.endsWith('Ms') && issue?.code === 'too_small') return `--${name} takes at least 1 second.`;
  // Numbers only: a text or a list that is too long says so in its own words.
  if (issue?.code === 'too_big' && isNumber(issue.origin)) {
    const most = Number(issue.maximum);
    return `--${name} takes at most ${setting.endsWith('Ms') ? `${most / 1000} seconds` : most}.`;
  }
  if (issue?.code === 'too_small' && isNumber(issue.origin)) return `--${name} takes at least ${issue.minimum}.`;
  return `--${name}: ${issue?.message ?? 'is not valid'}.`;
}

function isNumber(origin: string): boolean {
  return origin === 'number' || origin === 'int';
}

/** The contract knows protocols that this build does not speak. */
export function wrongTransport(plan: TransportPlan): string | null {
  const planned = plannedProtocols(plan);
  return planned === 'all' || planned.every((protocol) => namedProtocolSchema.safeParse(protocol).success)
    ? null
    : transportChoice();
}

/** A broker that nothing of the run goes through: it would be left aside without a word. */
export function wrongBroker(
  broker: { readonly url: string; readonly from: string },
  run: { readonly transport: TransportPlan; readonly control: ControlMode },
): string | null {
  const url = URL.parse(broker.url);
  const spoken = (url === null ? null : brokerAt(url)?.protocol) ?? '';
  const planned = plannedProtocols(run.transport);
  if (planned === 'all' || planned.some((protocol) => protocol === spoken)) return null;
  if (spoken === 'mqtt' && run.control === 'mqtt') return null;
  const other = planned.find((protocol) => protocol !== 'memory' && hasBroker(protocol));
  const instead = other === undefined ? `leave ${broker.from} out` : `give ${broker.from} an ${other}://... address`;
  return `${broker.from} names a broker for ${spoken}, and --transport ${run.transport} uses none: write --transport ${spoken}, or ${instead}.`;
}

/** What `--transport` takes, as a sentence. */
export function transportChoice(): string {
  return `--transport takes ${namedProtocols.join(', ')}, several of them with commas between, mixed or auto.`;
}

/** The same in the help of a command. */
export const transportHelp = `${namedProtocols.join(', ')}; several with commas, or mixed: participants take them in turn; auto: each chooses`;
