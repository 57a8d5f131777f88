import type { JSX } from 'react';

export function RoundsView(): JSX.Element {
  return (
    <main>
      <section className="panel" aria-label="Rounds">
        <div className="ph">
          <h2>Rounds</h2>
        </div>
      </section>
    </main>
  );
}
