import type { JSX } from 'react';
import { Icon } from '#renderer/components/icon.tsx';
import { Keys } from '#renderer/components/keys.tsx';
import { askToEndRun } from '#renderer/session/run/ending.ts';
import { useRunView } from '#renderer/session/hooks.ts';
import { navigate } from '#renderer/session/navigation.ts';
import { chairOf } from '#renderer/session/run/run-state.ts';

/** While this window has a part in somebody's run there is no demo to set up, and no fault to inject. */
export function NoDemo(): JSX.Element {
  const name = useRunView((view) => view.name) ?? '';
  const self = useRunView((view) => view.self);
  const coordinates = useRunView((view) => chairOf(view) === 'coordinator') ?? false;
  return (
    <main className="demo none">
      <section className="panel" aria-label="Demo">
        <div className="ph">
          <h2>Demo</h2>
        </div>
        <div className="no-demo">
          <p>
            This window {coordinates ? 'coordinates' : 'takes part in'} <b>{name}</b>
            {!coordinates && self !== null && (
              <>
                {' '}
                as <b>{self}</b>
              </>
            )}
            .
          </p>
          <p className="t2">
            A demo, with its faults on cue, starts once that run is {coordinates ? 'stopped' : 'left'} or over.
          </p>
          <div className="acts">
            <button type="button" className="btn" onClick={askToEndRun}>
              <Icon name="leave" as="small" />
              {coordinates ? 'Stop…' : 'Leave…'}
            </button>
            <button type="button" className="btn pri" onClick={() => navigate({ view: 'rounds' })}>
              Go to it <Keys of="1" />
            </button>
          </div>
        </div>
      </section>
    </main>
  );
}
