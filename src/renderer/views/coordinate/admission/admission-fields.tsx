import type { JSX } from 'react';
import type { AdmissionRule } from '#shared/contract/run/admission.ts';
import { Choice } from '#renderer/components/forms/choice.tsx';
import { changeCoordinate } from '#renderer/session/run/drafts.ts';
import { TextField } from '../text-field.tsx';
import type { Coordinate } from '../use-coordinate.ts';

const rules: readonly { readonly value: AdmissionRule; readonly name: string }[] = [
  { value: 'anyone', name: 'Anyone invited' },
  { value: 'ask', name: 'Ask me' },
  { value: 'list', name: 'My list' },
];

const help: Readonly<Record<AdmissionRule, string>> = {
  anyone: 'Whoever has the invitation is let in.',
  ask: 'You are asked about each: name, words of the key, address. Those below are let in without.',
  list: 'Nobody else is let in. A name lets in whoever takes it first, a key its owner alone.',
};

/** Who is let in, beside those with an invitation of their own. */
export function AdmissionFields({ coordinate: { draft, faults } }: { readonly coordinate: Coordinate }): JSX.Element {
  const fault = faults.get('admitted');
  return (
    <>
      <div className="field">
        <span className="t2">Who may join</span>
        <Choice
          label="Who may join"
          value={draft.admits}
          options={rules}
          onChange={(admits) => changeCoordinate({ admits })}
        />
        <span className="help">{help[draft.admits]}</span>
      </div>
      {draft.admits !== 'anyone' && (
        <TextField
          label={draft.admits === 'list' ? 'List' : 'Not asked about'}
          value={draft.admitted}
          placeholder="lab-1, lab-2, words of a key"
          help={fault ?? 'Names and keys, with commas between.'}
          invalid={fault !== undefined}
          onChange={(admitted) => changeCoordinate({ admitted })}
        />
      )}
    </>
  );
}
