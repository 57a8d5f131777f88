import type { AdmissionPolicy } from '#shared/contract/run/admission.ts';

/** What the coordinator's user says of a key whenever it is asked about it. */
export interface Answer {
  readonly say: 'admit' | 'refuse' | 'nothing';
  readonly afterMs: number;
  /** By name alone, as in a terminal: of whom the name is by then. */
  readonly byName: boolean;
  /** Said once more so much later: two windows, or another mind. */
  readonly again: { readonly say: 'admit' | 'refuse'; readonly afterMs: number } | null;
}

export interface Expulsion {
  readonly atMs: number;
  readonly name: string;
  /** Of whom the user was asked about; null: whoever has the name. */
  readonly key: string | null;
}

/** Who is let into a run, and who is sent away. */
export interface AdmissionPlan {
  readonly policy: AdmissionPolicy;
  readonly answers: ReadonlyMap<string, Answer>;
  readonly expulsions: readonly Expulsion[];
  /** Links have their own door in front of the machine, as in a real coordinator; else all comes as far as the machine. */
  readonly door: boolean;
}
