import { useCallback, useMemo, useState } from 'react';
import { shownWithin } from '#shared/base/text/visible-text.ts';
import { toErrorReport } from '#shared/base/errors.ts';
import type { ErrorReport } from '#shared/base/errors.ts';
import { hashSchema } from '#shared/contract/ids.ts';
import type { AskedPlan } from '#shared/contract/run/approval.ts';
import type { RunPlanBody } from '#shared/contract/messages.ts';
import type { DataPreview, InvitationCheck, RequestOf } from '#shared/contract/app/port-api.ts';
import { changeJoin, useJoinDraft } from '#renderer/session/run/drafts.ts';
import type { JoinDraft } from '#renderer/session/run/drafts.ts';
import { useSession } from '#renderer/session/hooks.ts';
import { navigate } from '#renderer/session/navigation.ts';
import { preferredSelection } from '#renderer/session/preferences.ts';
import { useBusy } from '#renderer/session/run/run-requests.ts';
import { busySentence } from '#renderer/session/run/run-state.ts';
import { useLiveRequest } from '#renderer/session/run/use-live-request.ts';
import { checkJoin, fieldOf, invitationIn } from './check-join.ts';
import type { JoinField } from './check-join.ts';
import { guessesOf, mapClass, mappingOf } from './class-mapping.ts';
import type { Choices, MappedClass, Mapping } from './class-mapping.ts';

/** Typing rests for so long before a coordinator is greeted, or a folder read. */
const checkRestMs = 500;
const previewRestMs = 350;

const noChoices: Choices = {};

export interface Join {
  readonly draft: JoinDraft;
  readonly faults: ReadonlyMap<JoinField, string>;
  readonly checking: boolean;
  /** Null: nothing to show yet, or it could not be checked. */
  readonly checks: readonly InvitationCheck[] | null;
  readonly checkError: ErrorReport | null;
  readonly plan: RunPlanBody | null;
  /** The plan in the figures by which it is approved. */
  readonly asked: AskedPlan | null;
  readonly checkAgain: () => void;
  readonly cancelCheck: () => void;
  readonly reading: boolean;
  readonly preview: DataPreview | null;
  readonly previewError: ErrorReport | null;
  readonly readAgain: () => void;
  readonly rows: readonly MappedClass[];
  /** Why joining has to wait, most important first; empty: nothing is in the way. */
  readonly reasons: readonly string[];
  readonly joining: boolean;
  readonly join: () => void;
}

/** All that the page Join knows, from what was typed and what the service found out about it. */
export function useJoin(): Join {
  const draft = useJoinDraft();
  const busy = useBusy();
  const faults = useMemo(() => checkJoin(draft), [draft]);
  const invitation = invitationIn(draft.invitation);
  const name = draft.name.trim();
  const check = useLiveRequest(
    'check_invitation',
    faults.has('invitation') || faults.has('name') ? null : { invitation, name },
    checkRestMs,
    draft.opened,
  );
  const plan = check.current ? (check.value?.plan ?? null) : null;
  const asked = check.current ? (check.value?.asked ?? null) : null;
  const [guessed, setGuessed] = useState<Choices>(noChoices);
  const mapping = useMemo(() => mappingOf(draft.chosen, guessed), [draft.chosen, guessed]);
  const read = useLiveRequest('preview_data', previewParams(draft.data, plan, mapping), previewRestMs, draft.opened);
  const preview = draft.data.trim() === '' ? null : read.value;
  const [seen, setSeen] = useState<DataPreview | null>(null);
  if (read.current && read.value !== null && plan !== null && seen !== read.value) {
    setSeen(read.value);
    setGuessed(guessesOf(read.value, guessed));
  }
  const rows = useMemo(
    () => (preview?.classes ?? []).map((one) => mapClass(one, plan === null ? {} : draft.chosen, guessed)),
    [preview, plan, draft.chosen, guessed],
  );
  const told = check.current ? (check.value?.checks ?? null) : null;
  const checks = useMemo(() => shownWithin(told), [told]);
  const reasons = [
    ...faults.values(),
    ...(check.pending ? ['the invitation is being checked'] : []),
    ...(checks ?? [])
      .filter(({ state }) => state === 'fault')
      .map(({ what, text }) => `${checkNames[what].toLowerCase()}: ${text}`),
    ...(read.pending ? ['the data is being read'] : []),
    ...dataReasons(preview, rows, plan !== null),
    ...(busy === null ? [] : [busySentence(busy)]),
  ];
  const { joining, join } = useJoining(draft, preview, { mapping: plan === null ? [] : mapping, asked });
  return {
    draft,
    faults,
    checking: check.pending,
    checks,
    checkError: check.error,
    plan,
    asked,
    checkAgain: check.again,
    cancelCheck: check.cancel,
    reading: read.pending,
    preview: read.error === null ? preview : null,
    previewError: read.error,
    readAgain: read.again,
    rows,
    reasons,
    joining,
    join: useCallback(() => {
      if (reasons.length === 0 && !joining) join();
    }, [reasons.length, joining, join]),
  };
}

export const checkNames: Readonly<Record<InvitationCheck['what'], string>> = {
  invitation: 'Invitation',
  way: 'On the way',
  address: 'Address',
  identity: 'Identity',
  clock: 'Clock',
  version: 'Version',
  name: 'Name',
};

function dataReasons(preview: DataPreview | null, rows: readonly MappedClass[], planned: boolean): string[] {
  if (preview === null) return [];
  const unknown = planned ? rows.filter(({ state }) => state === 'unknown') : [];
  if (unknown.length > 0) return unknown.map(({ name }) => `the class ${shownWithin(name)}`);
  return preview.fault === null ? [] : ['your data'];
}

function previewParams(data: string, plan: RunPlanBody | null, mapping: Mapping): RequestOf<'preview_data'> | null {
  if (data.trim() === '') return null;
  if (plan === null) return { data: data.trim() };
  return {
    data: data.trim(),
    classes: [...plan.classes],
    shape: plan.model.inputShape,
    ...(mapping.length === 0 ? {} : { mapping }),
  };
}

/** Joins, goes to Rounds, or says at the field why not. */
function useJoining(
  draft: JoinDraft,
  preview: DataPreview | null,
  { mapping, asked }: { readonly mapping: Mapping; readonly asked: AskedPlan | null },
): { readonly joining: boolean; readonly join: () => void } {
  const session = useSession();
  const [joining, setJoining] = useState(false);
  const join = useCallback(() => {
    setJoining(true);
    changeJoin({ failure: null });
    session
      .request('join_run', {
        invitation: invitationIn(draft.invitation),
        data: preview?.path ?? draft.data.trim(),
        name: draft.name.trim(),
        ...(asked === null ? {} : { plan: hashSchema.parse(asked.hash) }),
        ...(mapping.length === 0 ? {} : { mapping }),
        ...(draft.exactCounts ? { exactCounts: true } : {}),
        ...(draft.givesUp ? {} : { giveUpAfterMs: null }),
        keepAwake: draft.keepAwake,
        ...preferredSelection(),
      })
      .then(
        ({ run }) => {
          changeJoin({ attempt: run });
          navigate({ view: 'rounds', round: null, participant: null });
        },
        (error: unknown) => {
          const failure = toErrorReport(error);
          if (failure.code !== 'aborted') changeJoin({ failure });
        },
      )
      .finally(() => setJoining(false));
  }, [session, draft, preview, mapping, asked]);
  return { joining, join };
}

export function failureAt(draft: JoinDraft, field: JoinField): ErrorReport | null {
  return draft.failure !== null && fieldOf(draft.failure) === field ? draft.failure : null;
}
