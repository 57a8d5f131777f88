import type { z } from 'zod';
import { plannedProtocols, type TransportPlan } from '#shared/contract/transport-plan.ts';
import { transports } from '#engine/transport/registry.ts';

/** Settings that the command line calls by another name than the contract does. */
const optionNames: Readonly<Record<string, string>> = {
  minimumParticipants: 'participants',
  deadlineMs: 'deadline',
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
  if (issue?.code === 'invalid_type') return `--${name} takes a number.`;
  // Milliseconds within, seconds for people.
  if (setting.endsWith('Ms') && issue?.code === 'too_small') return `--${name} takes at least 1 second.`;
  return `--${name}: ${issue?.message ?? 'is not valid'}.`;
}

/** The contract knows protocols that this build does not speak. */
export function wrongTransport(plan: TransportPlan): string | null {
  const planned = plannedProtocols(plan);
  return planned === 'all' || planned.every((protocol) => transports().includes(protocol)) ? null : transportChoice();
}

/** What `--transport` takes, as a sentence. */
export function transportChoice(): string {
  return `--transport takes ${transports().join(', ')}, several of them with commas between, mixed or auto.`;
}

/** The same in the help of a command. */
export const transportHelp = `${transports().join(', ')}; several with commas, or mixed: participants take them in turn; auto: each chooses`;
