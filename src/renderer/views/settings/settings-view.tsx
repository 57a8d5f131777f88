import type { JSX } from 'react';
import { Choice } from '#renderer/components/forms/choice.tsx';
import { shortPath } from '#shared/base/text/short-path.ts';
import { formatCount } from '#shared/base/text/counted.ts';
import { useSessionState } from '#renderer/session/hooks.ts';
import { setPreferences, usePreferences } from '#renderer/session/preferences.ts';
import { ProtocolField } from './protocol-field.tsx';
import './settings.css';

const themes = [
  { value: 'system', name: 'system' },
  { value: 'light', name: 'light' },
  { value: 'dark', name: 'dark' },
  { value: 'projector', name: 'projector' },
] as const;

/** What can be set so far: the window itself. The settings of a run are on the Demo page. */
export function SettingsView(): JSX.Element {
  const { theme, letterKeys } = usePreferences();
  const app = useSessionState((state) => state.app);
  const faultyEvents = useSessionState((state) => state.faultyEvents);
  return (
    <main className="settings">
      <section className="panel" aria-label="Appearance">
        <div className="ph">
          <h2>Appearance</h2>
          <span className="sub">applied at once, kept on this machine</span>
        </div>
        <div className="in">
          <div className="field">
            <span className="lab">Theme</span>
            <Choice label="Theme" value={theme} options={themes} onChange={(next) => setPreferences({ theme: next })} />
            <span className="help">Projector: large type and high contrast, to be read from the back row.</span>
          </div>
          <div className="field">
            <span className="lab">Single keys</span>
            <label className="check">
              <input
                type="checkbox"
                checked={letterKeys}
                onChange={(event) => setPreferences({ letterKeys: event.target.checked })}
              />
              Letters, digits and signs are shortcuts
            </label>
            <span className="help">
              Off: only keys with Ctrl or Cmd, Enter, Esc and arrows act; Ctrl+K reaches everything by name.
            </span>
          </div>
          <div className="field">
            <span className="lab">Motion</span>
            <span>as the system says</span>
            <span className="help">With reduced motion, growing segments step once a second.</span>
          </div>
        </div>
      </section>
      <section className="panel" aria-label="About">
        <div className="ph">
          <h2>This app</h2>
        </div>
        <div className="in">
          <ProtocolField />
          <dl className="kvl">
            <dt>Version</dt>
            <dd>{app?.version ?? '–'}</dd>
            <dt>Runs in</dt>
            <dd>
              {app === null ? '–' : app.mode === 'electron' ? 'its own window' : 'the browser'}, {app?.platform}
            </dd>
            <dt>Data folder</dt>
            <dd className="data" title={app?.dataFolder}>
              {app === null ? '–' : shortPath(app.dataFolder, app.homeFolder)}
            </dd>
            {faultyEvents > 0 && (
              <>
                <dt>Faults</dt>
                <dd className="wrn">{formatCount(faultyEvents)} events could not be shown: a bug, please report it</dd>
              </>
            )}
          </dl>
          <p className="help">
            Recordings and keys are stored in the data folder. Nothing is sent anywhere but to the runs that you join.
          </p>
        </div>
      </section>
    </main>
  );
}
