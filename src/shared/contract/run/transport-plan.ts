import { z } from 'zod';
import { namedProtocols, type Protocol } from '../protocols.ts';

/**
 * What carries a run, as people write it: one protocol (`quic`); several that the participants take in turn
 * (`quic,mqtt,grpc`); `mixed`, which is every protocol that the coordinator's machine has, in turn; or `auto`, where each
 * participant chooses among them by itself, and again when a session is lost.
 */
export const transportPlanSchema = z
  .string()
  .max(80)
  .refine((text) => isPlan(text), 'takes a protocol, several with commas between, mixed or auto');
export type TransportPlan = z.infer<typeof transportPlanSchema>;

/** The protocols that a plan names, in its order; `all` where it leaves them to the machine. */
export function plannedProtocols(plan: TransportPlan): readonly Protocol[] | 'all' {
  return plan === 'auto' || plan === 'mixed' ? 'all' : (plan.split(',') as Protocol[]);
}

/** What the participant with this number is to take, of what the coordinator offers; `auto`: it chooses by itself. */
export function plannedFor(plan: TransportPlan, index: number, offered: readonly Protocol[]): Protocol | 'auto' {
  if (plan === 'auto') return 'auto';
  const turns = plan === 'mixed' ? offered : (plan.split(',') as Protocol[]);
  return turns[index % turns.length] ?? 'auto';
}

function isPlan(text: string): boolean {
  if (text === 'auto' || text === 'mixed' || text === 'memory') return true;
  const names = text.split(',');
  const known = names.every((name) => namedProtocols.some((protocol) => protocol === name));
  return known && new Set(names).size === names.length;
}
