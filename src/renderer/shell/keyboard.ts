import { useEffect } from 'react';
import { allCommands, commandFor, keyName } from '#renderer/session/commands.ts';
import { usePreferences } from '#renderer/session/preferences.ts';

/** One listener for all shortcuts. Fields keep their keys, controls keep Enter and Space, dialogs keep everything. */
export function useKeyboard(): void {
  const { letterKeys } = usePreferences();
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing || document.querySelector('dialog[open]') !== null) return;
      const name = keyName(event);
      if (!isOurs(name, event.target, letterKeys)) return;
      const command = commandFor(name, allCommands());
      if (command === undefined) return;
      event.preventDefault();
      command.run();
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [letterKeys]);
}

function isOurs(name: string, target: EventTarget | null, letterKeys: boolean): boolean {
  // A field takes back what was typed.
  if (name.startsWith('Ctrl+') && name !== 'Ctrl+z') return true;
  const element = target instanceof HTMLElement ? target : null;
  if (element?.closest('input, textarea, select, [contenteditable="true"]') != null) return name === 'Escape';
  if (
    (name === 'Enter' || name === ' ') &&
    element?.closest('button, a, summary, [role="button"], [role="gridcell"]') != null
  ) {
    return false;
  }
  // Arrows, Home and End inside a composite belong to it.
  return letterKeys || name.replace('Shift+', '').length > 1;
}
