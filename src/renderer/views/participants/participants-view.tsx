import type { JSX } from 'react';

export function ParticipantsView(): JSX.Element {
  return (
    <main>
      <section className="panel" aria-label="Participants">
        <div className="ph">
          <h2>Participants</h2>
        </div>
      </section>
    </main>
  );
}
