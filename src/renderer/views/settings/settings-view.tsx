import type { JSX } from 'react';

export function SettingsView(): JSX.Element {
  return (
    <main>
      <section className="panel" aria-label="Settings">
        <div className="ph">
          <h2>Settings</h2>
        </div>
      </section>
    </main>
  );
}
