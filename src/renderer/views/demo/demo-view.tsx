import type { JSX } from 'react';

export function DemoView(): JSX.Element {
  return (
    <main>
      <section className="panel" aria-label="Demo">
        <div className="ph">
          <h2>Demo</h2>
        </div>
      </section>
    </main>
  );
}
