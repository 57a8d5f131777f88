import { formatCount } from '#shared/base/text/counted.ts';
import { useId, useMemo, useState } from 'react';
import type { JSX, KeyboardEvent, ReactNode } from 'react';
import { Dialog } from '#renderer/components/dialog.tsx';
import { Icon } from '#renderer/components/icon.tsx';
import type { IconName } from '#renderer/components/icon.tsx';
import { Keys } from '#renderer/components/keys.tsx';
import { useAllCommands } from '#renderer/session/commands.ts';
import type { Command } from '#renderer/session/commands.ts';
import { navigate } from '#renderer/session/navigation.ts';
import { matchCommands } from './match-commands.ts';

const groupNames = { go: 'Go to', do: 'Do', filter: 'Filter packets' } as const;

/** Everything by name: a combobox over all commands. */
export function CommandPalette({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState(0);
  const commands = useAllCommands();
  const found = useMemo(() => matchCommands(commands, query, searchCommand), [commands, query]);
  const id = useId();
  const current = found.shown[Math.min(chosen, found.shown.length - 1)];
  const run = (command: Command | undefined): void => {
    if (command === undefined || command.disabled !== undefined) return;
    onClose();
    command.run();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const from = Math.min(chosen, found.shown.length - 1);
      setChosen((from + step + found.shown.length) % Math.max(1, found.shown.length));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      run(current);
    }
  };
  return (
    <Dialog label="Everything by name" className="pal" onClose={onClose}>
      <label className="cmd-in">
        <Icon name="search" />
        <input
          // A palette is opened to type; its dialog gives the focus back.
          // oxlint-disable-next-line jsx-a11y/no-autofocus
          autoFocus
          role="combobox"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={current === undefined ? undefined : `${id}-${current.id}`}
          aria-label="Go to, do or filter"
          placeholder="Go to, do or filter"
          value={query}
          spellCheck={false}
          onChange={(event) => {
            setQuery(event.target.value);
            setChosen(0);
          }}
          onKeyDown={onKeyDown}
        />
      </label>
      <div className="lst" role="listbox" id={`${id}-list`} aria-label="Matches">
        {found.groups.map(({ group, commands: members }) => (
          <div role="group" aria-label={groupNames[group]} key={group}>
            <div className="cmd-g" aria-hidden="true">
              {groupNames[group]}
            </div>
            {members.map((command) => (
              <Row
                key={command.id}
                id={`${id}-${command.id}`}
                command={command}
                query={query}
                selected={command === current}
                onRun={run}
              />
            ))}
          </div>
        ))}
        {found.shown.length === 0 && <div className="cmd-g">Nothing has that name.</div>}
      </div>
      <Foot shown={found.shown.length} total={found.total} />
    </Dialog>
  );
}

function Foot({ shown, total }: { readonly shown: number; readonly total: number }): JSX.Element {
  return (
    <div className="cmd-foot" aria-hidden="true">
      <span>
        <Keys of="ArrowUp" /> <Keys of="ArrowDown" /> choose
      </span>
      <span>
        <Keys of="Enter" /> run
      </span>
      <span>
        <Keys of="Escape" /> close
      </span>
      <span className="end">
        {formatCount(shown)} of {formatCount(total)} match
      </span>
    </div>
  );
}

function searchCommand(text: string): Command {
  const filter = `text ~ ${JSON.stringify(text)}`;
  return {
    id: 'search',
    group: 'filter',
    title: filter,
    icon: 'search',
    run: () => navigate({ view: 'packets', filter }),
  };
}

interface RowProps {
  readonly id: string;
  readonly command: Command;
  readonly query: string;
  readonly selected: boolean;
  readonly onRun: (command: Command) => void;
}

function Row({ id, command, query, selected, onRun }: RowProps): JSX.Element {
  return (
    // The combobox above has the keyboard; rows are its options.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div
      className="cmd"
      id={id}
      role="option"
      aria-selected={selected}
      aria-disabled={command.disabled !== undefined}
      onClick={() => onRun(command)}
    >
      <Icon name={(command.icon as IconName | undefined) ?? 'right'} />
      <span className={command.group === 'filter' ? 'data' : ''}>
        {highlight(command.title, query)}
        {command.detail !== undefined && command.disabled === undefined && <span className="d">{command.detail}</span>}
        {command.disabled !== undefined && <span className="d">not now: {command.disabled}</span>}
      </span>
      <span>
        {command.changesRun === true && <span className="tag">changes the run</span>}
        {command.key !== undefined && <Keys of={command.key} />}
      </span>
    </div>
  );
}

function highlight(title: string, query: string): ReactNode {
  const at = query === '' ? -1 : title.toLowerCase().indexOf(query.toLowerCase());
  if (at < 0) return title;
  return (
    <>
      {title.slice(0, at)}
      <mark>{title.slice(at, at + query.length)}</mark>
      {title.slice(at + query.length)}
    </>
  );
}
