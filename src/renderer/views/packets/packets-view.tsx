import type { JSX } from 'react';

export function PacketsView(): JSX.Element {
  return (
    <main>
      <section className="panel" aria-label="Packets">
        <div className="ph">
          <h2>Packets</h2>
        </div>
      </section>
    </main>
  );
}
