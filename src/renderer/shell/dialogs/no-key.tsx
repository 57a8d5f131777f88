import './no-key.css';
import type { JSX } from 'react';

/** Browser mode, in a tab that the service cannot tell from a stranger's. */
export function NoKey(): JSX.Element {
  return (
    <main className="no-key">
      <section className="panel" aria-label="No key">
        <h1>This tab has no key to Roundscope</h1>
        <div className="err">
          <dl>
            <dt>What happened</dt>
            <dd>
              Its address has been used, is older than two minutes or of an earlier start, and no other tab of this page
              is connected.
            </dd>
            <dt>What it means</dt>
            <dd>Nothing is shown here, and nothing can be started from here. What is running goes on.</dd>
            <dt>What to try</dt>
            <dd>
              Run the same command in the terminal again. It opens the page, or prints an address that is good once and
              for two minutes. This tab then connects by itself.
            </dd>
          </dl>
        </div>
      </section>
    </main>
  );
}
