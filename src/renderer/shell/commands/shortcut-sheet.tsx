import { useMemo } from 'react';
import type { JSX } from 'react';
import { Dialog } from '#renderer/components/dialog.tsx';
import { Keys } from '#renderer/components/keys.tsx';
import { useAllCommands } from '#renderer/session/commands.ts';
import { setPreferences, usePreferences } from '#renderer/session/preferences.ts';

/** All shortcuts that work right now, by where they belong. */
export function ShortcutSheet({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const commands = useAllCommands();
  const { letterKeys } = usePreferences();
  const sections = useMemo(
    () => [
      ...Map.groupBy(
        commands.filter((command) => command.key !== undefined),
        (command) => command.section ?? 'Everywhere',
      ),
    ],
    [commands],
  );
  return (
    <Dialog label="Shortcuts" className="sheet" onClose={onClose}>
      <div className="ph">
        <h2>Shortcuts</h2>
        <div className="end">
          <label className="check">
            <input
              type="checkbox"
              checked={letterKeys}
              onChange={(event) => setPreferences({ letterKeys: event.target.checked })}
            />
            Single keys on
          </label>
          <button type="button" className="btn sm" onClick={onClose}>
            Close <Keys of="Escape" />
          </button>
        </div>
      </div>
      <div className="cols">
        {sections.map(([section, members]) => (
          <section key={section}>
            <h3>{section}</h3>
            {members.map((command) => (
              <div className="sr" key={command.id}>
                <span>{command.title}</span>
                <i>
                  <Keys of={command.key ?? ''} />
                  <span className="vh">{command.key}</span>
                </i>
              </div>
            ))}
          </section>
        ))}
      </div>
    </Dialog>
  );
}
