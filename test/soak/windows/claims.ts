import type { Said } from './read-window.ts';

/** Whom or what a window names, in the place for news. */
export type Claim =
  /** Nothing stalls: `No stall`, or that the coordinator is heard again. */
  | 'well'
  | 'coordinator'
  | 'broker'
  /** What lies between: its own link flaps, is degraded or was lost just now. */
  | 'link'
  /** A transfer of its own does not move. */
  | 'transfer'
  /** Its own process stands still or was ended. */
  | 'own process'
  | 'own training'
  | 'machine'
  | 'another'
  /** Its service tells nothing: the picture is past. */
  | 'service'
  | 'joining'
  | 'paused'
  /** No run, or one that is over. */
  | 'no run'
  | 'unknown';

/** The first that fits a verdict's sentence. */
const verdicts: readonly (readonly [RegExp, Claim])[] = [
  [/^The coordinator does not answer/, 'coordinator'],
  [/^The link to the coordinator was lost/, 'link'],
  [/^The \S+ broker /, 'broker'],
  [/^Your link opens and breaks/, 'link'],
  [/^Your training has stopped/, 'own training'],
  [
    /^(Your (global model|model update|update|model|result)|The (global model|model update|model|result) for you|Nothing of|You have trained)/,
    'transfer',
  ],
  [/^This machine is overloaded/, 'machine'],
];

/** The first that fits the line that stands where no verdict does. */
const lines: readonly (readonly [RegExp, Claim])[] = [
  [/This node['’]s process ended .*being started again/, 'own process'],
  [/This node['’]s process ended/, 'no run'],
  [/Link degraded/, 'link'],
  [/Paused by you/, 'paused'],
  [/^(Service restarted .*)?(No stall|Back after)/, 'well'],
  [/Joining |Getting ready|Connecting to the service|Waiting for the coordinator to let you in/, 'joining'],
  [/The link is closed/, 'no run'],
  [/Ready\. Nothing leaves|You left|Run completed|The run failed|Given up|The coordinator ended/, 'no run'],
  // A page between two views, or one that is being loaded.
  [/^$/, 'joining'],
];

export function claimOf({ verdict, past, status }: Said, self: string): Claim {
  if (past !== '') return 'service';
  if (verdict === '') return lines.find(([pattern]) => pattern.test(status))?.[1] ?? 'unknown';
  if (verdict.startsWith(`${self}'s process stands still`)) return 'own process';
  return verdicts.find(([pattern]) => pattern.test(verdict))?.[1] ?? (/^lab-\d/.test(verdict) ? 'another' : 'unknown');
}
