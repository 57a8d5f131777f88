import type { JSX } from 'react';

export function DiagnosisView(): JSX.Element {
  return (
    <main>
      <section className="panel" aria-label="Diagnosis">
        <div className="ph">
          <h2>Diagnosis</h2>
        </div>
      </section>
    </main>
  );
}
