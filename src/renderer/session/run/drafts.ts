import { useSyncExternalStore } from 'react';
import type { AdmissionRule } from '#shared/contract/run/admission.ts';
import { weightRuleDefault } from '#shared/contract/run/weight-rule.ts';
import type { ErrorReport } from '#shared/base/errors.ts';
import { createStore } from '../store.ts';

/** What has been filled in on the page Join; kept while the window lives, in memory alone: an invitation is a secret. */
export interface JoinDraft {
  readonly invitation: string;
  readonly data: string;
  readonly name: string;
  /** Whether the name was given; before that it is the one made for this machine. */
  readonly named: boolean;
  /** Class of the data to class of the run as chosen by hand; null: left out. */
  readonly chosen: Readonly<Record<string, string | null>>;
  /** Whether counts of the data are told as they are. */
  readonly exactCounts: boolean;
  readonly keepAwake: boolean;
  /** Whether a coordinator that does not answer is given up after ten minutes. */
  readonly givesUp: boolean;
  /** How often the page was asked for; each time all is looked at again. */
  readonly opened: number;
  /** Why the last attempt failed; null once something was changed. */
  readonly failure: ErrorReport | null;
  /** The run that was joined last, to see whether that came to anything; null: none, or that has been seen. */
  readonly attempt: string | null;
}

export interface CoordinateDraft {
  readonly name: string;
  readonly data: string;
  /** File with the network, as typed; empty: one that suits the data. */
  readonly model: string;
  /** File with the first model, as typed; empty: drawn. */
  readonly startFrom: string;
  readonly participants: number;
  /** Updates that are enough at the deadline. */
  readonly enough: number;
  readonly deadlineS: number;
  readonly rounds: number;
  readonly localEpochs: number;
  /** Times the equal share, and times the median; 0: off. */
  readonly weightCap: number;
  readonly normClip: number;
  readonly admits: AdmissionRule;
  /** Names and keys that are let in, as typed. */
  readonly admitted: string;
  /** In the order in which they were chosen; null before anything was: the first one that works. */
  readonly transports: readonly string[] | null;
  /** Address told in the invitation; empty: the first one of this machine. */
  readonly host: string;
  readonly port: number;
  readonly keepAwake: boolean;
  readonly failure: ErrorReport | null;
}

const emptyJoin: JoinDraft = {
  invitation: '',
  data: '',
  name: '',
  named: false,
  chosen: {},
  exactCounts: false,
  keepAwake: true,
  givesUp: true,
  opened: 0,
  failure: null,
  attempt: null,
};

const emptyCoordinate: CoordinateDraft = {
  name: '',
  data: '',
  model: '',
  startFrom: '',
  participants: 2,
  enough: 2,
  deadlineS: 60,
  rounds: 10,
  localEpochs: 2,
  ...weightRuleDefault,
  admits: 'anyone',
  admitted: '',
  transports: null,
  host: '',
  port: 0,
  keepAwake: true,
  failure: null,
};

const join = createStore(emptyJoin);
const coordinate = createStore(emptyCoordinate);

export function useJoinDraft(): JoinDraft {
  return useSyncExternalStore(join.subscribe, join.get);
}

export function joinDraft(): JoinDraft {
  return join.get();
}

/** What is changed makes the last failure old news, unless the failure is what is told. */
export function changeJoin(change: Partial<JoinDraft>): void {
  join.set({ ...join.get(), failure: null, ...change });
}

export function useCoordinateDraft(): CoordinateDraft {
  return useSyncExternalStore(coordinate.subscribe, coordinate.get);
}

export function changeCoordinate(change: Partial<CoordinateDraft>): void {
  coordinate.set({ ...coordinate.get(), failure: null, ...change });
}
