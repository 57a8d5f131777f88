import { useId, useState } from 'react';
import type { DragEvent, JSX } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { Icon } from '#renderer/components/icon.tsx';
import type { IconName } from '#renderer/components/icon.tsx';
import { changeJoin } from '#renderer/session/run/drafts.ts';
import type { InvitationCheck } from '#shared/contract/app/port-api.ts';
import { invitationIn } from './check-join.ts';
import { checkNames, failureAt } from './use-join.ts';
import type { Join } from './use-join.ts';

/** A file that holds an invitation holds little else. */
const fileBytesMax = 64 * 1024;

/** The invitation by paste, drop or typing, and what was found out about it. */
export function InvitationPanel({ join }: { readonly join: Join }): JSX.Element {
  const id = useId();
  const [over, setOver] = useState(false);
  const { draft, faults, checks, checkError } = join;
  const fault = draft.invitation === '' ? undefined : faults.get('invitation');
  const failure = failureAt(draft, 'invitation');
  const take = (text: string): void => changeJoin({ invitation: invitationIn(text) });
  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    spawn(
      'taking what was dropped',
      droppedText(event.dataTransfer).then((text) => text !== '' && take(text)),
    );
  };
  return (
    // Dropping is a shortcut; the field and the button do the same by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      className={over ? 'in iv over' : 'in iv'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <div className="field">
        <label htmlFor={id}>Invitation</label>
        <div className="fc">
          <input
            id={id}
            className="inp data"
            placeholder="paste or drop it here"
            spellCheck={false}
            autoComplete="off"
            value={draft.invitation}
            aria-invalid={fault !== undefined || failure !== null || hasFault(checks)}
            aria-describedby={`${id}-found`}
            onChange={(event) => changeJoin({ invitation: event.target.value })}
            onPaste={(event) => {
              event.preventDefault();
              take(event.clipboardData.getData('text'));
            }}
          />
          <PasteButton take={take} />
        </div>
      </div>
      <div id={`${id}-found`} role="status" className="found">
        {draft.invitation === '' && (
          <p className="t3 hint">
            The coordinator has it. Nothing is sent before it is here, and then only a greeting.
          </p>
        )}
        {fault !== undefined && <p className="help bad">{fault}</p>}
        {failure !== null && <ErrorCard error={failure} />}
        {checkError !== null && failure === null && (
          <p className="t2 hint">It could not be checked: {checkError.message} You can join all the same.</p>
        )}
        {checks?.map((check) => (
          <CheckRow key={check.what} check={check} />
        ))}
      </div>
      <CheckButtons join={join} />
    </div>
  );
}

function hasFault(checks: readonly InvitationCheck[] | null): boolean {
  return checks?.some(({ what, state }) => what === 'invitation' && state === 'fault') ?? false;
}

function CheckButtons({ join }: { readonly join: Join }): JSX.Element | null {
  const { checking, checks, checkError } = join;
  if (checking) {
    return (
      <div className="ckb">
        <span className="t2">Asking the coordinator…</span>
        <button type="button" className="btn sm" onClick={join.cancelCheck}>
          Cancel
        </button>
      </div>
    );
  }
  if (join.faults.has('invitation') || join.faults.has('name')) return null;
  const asked = checks !== null || checkError !== null;
  return (
    <div className="ckb">
      {!asked && <span className="t2">Not checked.</span>}
      <button type="button" className="btn sm" onClick={join.checkAgain}>
        {asked ? 'Check again' : 'Check'}
      </button>
    </div>
  );
}

function PasteButton({ take }: { readonly take: (text: string) => void }): JSX.Element | null {
  // Not every browser lets a page read the clipboard; Ctrl+V in the field always works.
  if (typeof navigator.clipboard?.readText !== 'function') return null;
  const paste = (): void => {
    navigator.clipboard.readText().then(take, (error: unknown) => console.warn('clipboard', error));
  };
  return (
    <button type="button" className="btn" onClick={paste}>
      Paste
    </button>
  );
}

async function droppedText(dropped: DataTransfer): Promise<string> {
  const [file] = dropped.files;
  if (file === undefined) return dropped.getData('text/uri-list') || dropped.getData('text');
  return await file.slice(0, fileBytesMax).text();
}

const marks: Readonly<Record<InvitationCheck['state'], { icon: IconName; className: string; words: string }>> = {
  ok: { icon: 'check', className: 'okc', words: 'fine' },
  warning: { icon: 'warn', className: 'wrn', words: 'look at it' },
  fault: { icon: 'stop', className: 'stl', words: 'stops you' },
  unknown: { icon: 'unknown', className: 't3', words: 'not checked' },
};

function CheckRow({ check }: { readonly check: InvitationCheck }): JSX.Element {
  const { what, state, text, figure, meaning, tryThis } = check;
  const mark = marks[state];
  return (
    <div className={`ck ${state}`}>
      <span className={mark.className}>
        <Icon name={mark.icon} />
        <span className="vh">{mark.words}: </span>
      </span>
      <b>{checkNames[what]}</b>
      <span>{text}</span>
      <span className="end">{figure}</span>
      {(meaning !== '' || tryThis !== '') && (
        <dl className="err">
          {meaning !== '' && (
            <>
              <dt>What it means</dt>
              <dd>{meaning}</dd>
            </>
          )}
          {tryThis !== '' && (
            <>
              <dt>What to try</dt>
              <dd>{tryThis}</dd>
            </>
          )}
        </dl>
      )}
    </div>
  );
}
