import { useMemo } from 'react';
import { nameOf, type DeletedRecording, type LibraryRecording } from '#shared/contract/app/library.ts';
import { useCommands, type Command } from '#renderer/session/commands.ts';
import type { LibraryActions } from '#renderer/session/recordings/library.ts';
import { keptBecause } from './recording-pane.tsx';

interface RunsCommands {
  readonly recordings: readonly LibraryRecording[];
  readonly selected: LibraryRecording | null;
  readonly deleted: DeletedRecording | null;
  readonly actions: LibraryActions;
  readonly select: (path: string) => void;
  readonly open: (recording: LibraryRecording) => void;
}

/** The field that a command goes to; there is one of each while a recording is selected. */
export function focusOn(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus();
}

const section = 'Runs';

/** What keys do in the library. */
export function useRunsCommands({ recordings, selected, deleted, actions, select, open }: RunsCommands): void {
  const commands = useMemo((): Command[] => {
    const off = selected === null ? { disabled: 'no recording is selected' } : {};
    const name = selected === null ? 'a recording' : nameOf(selected);
    const step = (by: number) => (): void => {
      const place = recordings.findIndex(({ path }) => path === selected?.path);
      const next = recordings[Math.min(recordings.length - 1, Math.max(0, place + by))];
      if (next !== undefined) select(next.path);
    };
    const keep = selected === null ? null : keptBecause(selected);
    const on = (run: (recording: LibraryRecording) => void) => (): void => {
      if (selected !== null) run(selected);
    };
    const hidden = { group: 'do', section, hidden: true } as const;
    const shown = { group: 'do', section } as const;
    const pin = (one: LibraryRecording): void => actions.annotate({ path: one.path, pinned: !one.notes.pinned });
    return [
      { ...hidden, id: 'runs.next', title: 'Next recording', key: 'j', run: step(1) },
      { ...hidden, id: 'runs.previous', title: 'Previous recording', key: 'k', run: step(-1) },
      { ...hidden, id: 'runs.find', title: 'Find a recording', key: '/', run: () => focusOn('[data-find-run]') },
      { ...shown, ...off, id: 'runs.open', title: `Open ${name}`, icon: 'file', key: 'Enter', run: on(open) },
      {
        ...shown,
        ...off,
        id: 'runs.pin',
        title: `${selected?.notes.pinned === true ? 'Unpin' : 'Pin'} ${name}`,
        icon: 'pin',
        key: 'p',
        run: on(pin),
      },
      { ...shown, ...off, id: 'runs.rename', title: `Rename ${name}`, key: 'F2', run: () => focusOn('[data-rename]') },
      { ...shown, ...off, id: 'runs.note', title: `Note on ${name}`, key: 'n', run: () => focusOn('[data-note]') },
      {
        ...shown,
        ...(keep === null ? off : { disabled: keep }),
        id: 'runs.delete',
        title: `Delete ${name}`,
        icon: 'bin',
        key: 'Delete',
        run: on(actions.remove),
      },
      ...(deleted === null
        ? []
        : [
            {
              ...shown,
              id: 'runs.restore',
              title: `Take ${deleted.name} back`,
              icon: 'redial',
              key: 'Ctrl+z',
              run: () => actions.restore(deleted.id),
            },
          ]),
    ];
  }, [recordings, selected, deleted, actions, select, open]);
  useCommands(commands);
}
