import { useEffect, useId, useState } from 'react';
import type { JSX, KeyboardEvent } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { shownWithin } from '#shared/base/text/visible-text.ts';
import type { PortAnswers } from '#shared/contract/app/port-api.ts';
import { Icon } from '../icon.tsx';
import { completion, ended } from './path-completion.ts';
import './path-field.css';

type Completion = PortAnswers['complete_path'];

interface PathFieldProps {
  readonly label: string;
  readonly value: string;
  readonly placeholder: string;
  /** Words that are no paths but data of the app's own, and what to call them. */
  readonly words?: readonly { readonly name: string; readonly means: string }[];
  readonly onChange: (path: string) => void;
  /** What the path is to lead to; absent: a folder. */
  readonly leadsTo?: 'folder' | 'file';
  /** Folders that complete what was typed; null where that could not be found out. */
  readonly complete: (path: string) => Promise<Completion | null>;
  /** The system's own dialog; absent where there is none. */
  readonly choose?: (() => void) | undefined;
  /** The same for a file. */
  readonly chooseFile?: (() => void) | undefined;
  readonly invalid: boolean;
  /** Id of the element that says what is wrong. */
  readonly faultId: string;
}

/** Typing rests for so long before folders are looked up. */
const restMs = 120;

/** Folders that complete `value`, once typing rests; null before they are known. */
function useCompletion(value: string, complete: PathFieldProps['complete']): Completion | null {
  const [found, setFound] = useState<{ readonly of: string; readonly answer: Completion | null }>();
  const blank = value.trim() === '';
  useEffect(() => {
    if (blank) return undefined;
    let stale = false;
    const timer = setTimeout(() => {
      spawn(
        'completing a path',
        complete(value).then((answer) => {
          if (!stale) setFound({ of: value, answer });
        }),
      );
    }, restMs);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [value, blank, complete]);
  return !blank && found?.of === value ? found.answer : null;
}

/** The path of a folder or a file: typed with completion as in a shell, or chosen in the system's dialog. */
export function PathField(props: PathFieldProps): JSX.Element {
  const { label, value, choose, chooseFile, words = [] } = props;
  const id = useId();
  const word = words.find(({ name }) => name === value.trim());
  const found = useCompletion(word === undefined ? value : '', props.complete);
  return (
    <div className="field pf">
      <label htmlFor={id}>{label}</label>
      <div className="fc">
        <PathInput {...props} id={id} found={found} />
        {choose !== undefined && (
          <button type="button" className="btn" onClick={choose}>
            <Icon name="folder" as="small" />
            Choose…
          </button>
        )}
        {chooseFile !== undefined && (
          <button type="button" className="btn" onClick={chooseFile}>
            File…
          </button>
        )}
      </div>
      {word !== undefined && (
        <span className="help" id={`${id}-is`}>
          {word.means}
        </span>
      )}
      {found !== null && found.path !== value && (
        <span className="help" id={`${id}-is`}>
          <span className="data">{shownWithin(found.path)}</span>
          {found.isFolder || props.leadsTo === 'file' ? '' : ', not a folder yet'}
        </span>
      )}
    </div>
  );
}

function PathInput({
  id,
  value,
  placeholder,
  onChange,
  invalid,
  faultId,
  found,
}: PathFieldProps & { readonly id: string; readonly found: Completion | null }): JSX.Element {
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  // The folder that is already named is nothing to choose.
  const entries = (found?.entries ?? []).filter((entry) => entry.path !== found?.path || !found.isFolder);
  const shown = open && entries.length > 0;
  const change = (path: string, stayOpen: boolean): void => {
    setAt(-1);
    setOpen(stayOpen);
    onChange(path);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && entries.length > 0) {
      setOpen(true);
      setAt(shown ? (at + step + entries.length) % entries.length : 0);
    } else if (event.key === 'Enter' && shown && entries[at] !== undefined && !event.ctrlKey && !event.metaKey) {
      change(entries[at].path, false);
    } else if (event.key === 'Tab' && !event.shiftKey && shown) {
      const next = entries[at] === undefined ? completion(value, entries) : ended(entries[at]);
      if (next === null) return setOpen(false);
      change(next, true);
    } else if (event.key === 'Escape' && shown) setOpen(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="pf-in">
      <input
        id={id}
        className="inp data"
        role="combobox"
        aria-expanded={shown}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={shown && at >= 0 ? `${id}-${at}` : undefined}
        aria-invalid={invalid}
        aria-describedby={invalid ? faultId : `${id}-is`}
        placeholder={placeholder}
        spellCheck={false}
        autoComplete="off"
        value={value}
        onChange={(event) => change(event.target.value, true)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
      />
      {shown && (
        <FolderList
          id={id}
          entries={entries}
          more={found?.more === true}
          at={at}
          onPick={(path) => change(path, false)}
        />
      )}
    </div>
  );
}

interface FolderListProps {
  readonly id: string;
  readonly entries: Completion['entries'];
  readonly more: boolean;
  readonly at: number;
  readonly onPick: (path: string) => void;
}

function FolderList({ id, entries, more, at, onPick }: FolderListProps): JSX.Element {
  return (
    <div className="pf-list" role="listbox" id={`${id}-list`} aria-label="Folders">
      {entries.map((entry, index) => (
        // The combobox has the keyboard. Pressed, not clicked: the field would have closed the list by then.
        // oxlint-disable-next-line jsx-a11y/interactive-supports-focus
        <div
          key={entry.path}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === at}
          title={shownWithin(entry.path)}
          onPointerDown={(event) => {
            event.preventDefault();
            onPick(entry.path);
          }}
        >
          <Icon name="folder" as="small" />
          {shownWithin(entry.name)}
        </div>
      ))}
      {more && <div className="t3">and more: type on</div>}
    </div>
  );
}
