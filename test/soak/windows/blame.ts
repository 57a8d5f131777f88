import type { Claim } from './claims.ts';

/** The windows, by the names of their participants. */
export const labs = ['lab-1', 'lab-2', 'lab-3'] as const;
export type Lab = (typeof labs)[number];

/** What is true from one chair while an act lasts and just after. */
export interface Chair {
  /** Whom it may name, besides that all is well. */
  readonly may: readonly Claim[];
  /** One of these it must name so soon after the act is in force; null: none. */
  readonly must: { readonly claims: readonly Claim[]; readonly withinMs: number } | null;
  /** For how long it may still say that all is well, ms after it is in force. */
  readonly wellMs: number;
  /** Nothing reaches its picture while the act lasts: at the latest so many ms later it says so. */
  readonly pastMs: number | null;
  /** For how long the picture of before may stand once everything goes on, before news has come or it is marked as past. */
  readonly oldMs: number;
}

/** By chair; whom an act does not concern says all the time that all is well. */
export type Blame = Readonly<Record<Lab, Chair>>;

/** A coordinator that is not heard is said to within 5 s, all else within 10 s. */
const coordinatorMs = 5000;
const otherMs = 10_000;
const pictureMs = 1500;
/** A service says every second that it is alive, and is missed once nothing came for 5 s. */
const serviceMs = 5500;

/** Whom an act does not concern. */
export const untouched: Chair = { may: [], must: null, wellMs: Number.POSITIVE_INFINITY, pastMs: null, oldMs: 0 };

const unheard: Chair = {
  ...untouched,
  may: ['coordinator', 'link'],
  must: { claims: ['coordinator', 'link'], withinMs: coordinatorMs },
  wellMs: coordinatorMs,
};

/** Nothing comes from its service from some time after the act is in force. */
function noService(withinMs: number, also: readonly Claim[] = []): Chair {
  return {
    may: ['service', ...also],
    must: { claims: ['service'], withinMs },
    wellMs: withinMs,
    pastMs: withinMs,
    oldMs: pictureMs,
  };
}

function says(claims: readonly Claim[], also: readonly Claim[] = []): Chair {
  return { ...untouched, may: [...claims, ...also], must: { claims, withinMs: otherMs }, wellMs: otherMs };
}

/** All the same. */
function everybody(chair: Chair): Blame {
  return { 'lab-1': chair, 'lab-2': chair, 'lab-3': chair };
}

function only(lab: Lab, chair: Chair): Blame {
  return { ...everybody(untouched), [lab]: chair };
}

export const blame = {
  // The session over UDP falls silent and another is opened over TCP: until then nothing is heard.
  'UDP of lab-1 is lost': only('lab-1', { ...untouched, may: ['coordinator', 'link', 'transfer'] }),
  'the whole path of lab-1 is cut': only('lab-1', unheard),
  // Once it goes on, it learns that its link has been closed meanwhile.
  'participant of lab-2 is stopped': only('lab-2', says(['own process'], ['link'])),
  // What it did until then was to leave and to join.
  'participant of lab-3 is stopped as soon as it has joined': only(
    'lab-3',
    says(['own process'], ['joining', 'no run', 'link']),
  ),
  // Its service starts it again within the same seconds.
  'participant of lab-2 is killed': only('lab-2', { ...says(['own process', 'joining']), wellMs: untouched.wellMs }),
  'service of lab-3 is stopped': only('lab-3', noService(serviceMs)),
  'service of lab-1 is killed': only('lab-1', noService(pictureMs, ['joining', 'no run'])),
  'the coordinator is stopped': everybody(unheard),
  'the coordinator is killed': everybody(unheard),
  'the broker is killed': only('lab-3', says(['broker'], ['link', 'coordinator'])),
  // One that takes connections and passes nothing on cannot be told from a coordinator that is gone.
  'the broker is frozen': only('lab-3', says(['coordinator', 'broker'], ['link'])),
  'lab-2 pauses': only('lab-2', says(['paused'])),
  'lab-2 leaves and joins again': only('lab-2', says(['no run'], ['joining'])),
  'the coordinator is dead for 40 s': everybody(unheard),
  // After it each hears nothing until its link is back; what it knows of itself is old for a moment.
  'all sleep': everybody({ ...untouched, may: ['coordinator', 'link', 'own process', 'service'], oldMs: pictureMs }),
} as const satisfies Readonly<Record<string, Blame>>;

export type ActName = keyof typeof blame;

/** Where a round may begin again, or a window's own run does: figures go back only there. */
export const beginsAgain: Readonly<Partial<Record<ActName, readonly Lab[]>>> = {
  'participant of lab-3 is stopped as soon as it has joined': ['lab-3'],
  'service of lab-1 is killed': ['lab-1'],
  'the coordinator is killed': labs,
  'lab-2 leaves and joins again': ['lab-2'],
  'the coordinator is dead for 40 s': labs,
};
