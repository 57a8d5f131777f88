import type { JSX } from 'react';

export function MetricsView(): JSX.Element {
  return (
    <main>
      <section className="panel" aria-label="Metrics">
        <div className="ph">
          <h2>Metrics</h2>
        </div>
      </section>
    </main>
  );
}
