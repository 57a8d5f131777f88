import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import { createStore } from './store.ts';

/** Something that can be done by key or by name. Views register theirs while they are shown. */
export interface Command {
  readonly id: string;
  readonly group: 'go' | 'do' | 'filter';
  readonly title: string;
  readonly detail?: string;
  readonly icon?: string;
  /** As `KeyboardEvent.key`, with `Shift+`, `Ctrl+` (or Cmd) before it: `f`, `/`, `Escape`, `Shift+D`, `Ctrl+s`. */
  readonly key?: string;
  /** Listed with its reason, but not run. */
  readonly disabled?: string;
  readonly changesRun?: boolean;
  /** Reachable by key only; not listed in the palette. */
  readonly hidden?: boolean;
  /** Heading on the shortcut sheet; absent: Everywhere. */
  readonly section?: string;
  run(): void;
}

const registry = createStore<readonly (readonly Command[])[]>([]);

/** Registers commands while the component is mounted; later ones win over earlier ones with the same key. */
export function useCommands(commands: readonly Command[]): void {
  const own = useRef<readonly Command[] | null>(null);
  useEffect(() => {
    const before = own.current;
    own.current = commands;
    const lists = registry.get();
    registry.set(
      before !== null && lists.includes(before)
        ? lists.map((list) => (list === before ? commands : list))
        : [...lists, commands],
    );
  }, [commands]);
  useEffect(
    () => () => {
      const mine = own.current;
      own.current = null;
      registry.set(registry.get().filter((list) => list !== mine));
    },
    [],
  );
}

export function useAllCommands(): readonly Command[] {
  return useSyncExternalStore(registry.subscribe, registry.get).flat();
}

export function allCommands(): readonly Command[] {
  return registry.get().flat();
}

interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** Name of a key press as commands write it; letters are upper case only after `Shift+`. */
export function keyName(press: KeyPress): string {
  if (press.altKey) return '';
  const letter = /^[a-z]$/i.test(press.key);
  const key = letter ? (press.shiftKey ? press.key.toUpperCase() : press.key.toLowerCase()) : press.key;
  return `${press.ctrlKey || press.metaKey ? 'Ctrl+' : ''}${press.shiftKey && letter ? 'Shift+' : ''}${key}`;
}

/** The command for a key: the one registered last. */
export function commandFor(name: string, commands: readonly Command[]): Command | undefined {
  return commands.findLast((command) => command.key === name && command.disabled === undefined);
}

/** What the button of a form does, by Ctrl+Enter and in the palette. */
export function useFormCommand(command: {
  readonly id: string;
  readonly section: string;
  readonly title: string;
  readonly icon: string;
  /** Why it cannot be done now; undefined: it can. */
  readonly reason: string | undefined;
  readonly run: () => void;
}): void {
  const { id, section, title, icon, reason, run } = command;
  useCommands(
    useMemo(
      () => [
        {
          id,
          section,
          group: 'do' as const,
          title,
          icon,
          key: 'Ctrl+Enter',
          ...(reason === undefined ? {} : { disabled: reason }),
          run,
        },
      ],
      [id, section, title, icon, reason, run],
    ),
  );
}
