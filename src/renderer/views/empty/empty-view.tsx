import type { JSX } from 'react';

export function EmptyView(): JSX.Element {
  return (
    <main>
      <section className="panel" aria-label="First start">
        <div className="ph">
          <h1>No run yet</h1>
        </div>
      </section>
    </main>
  );
}
