import type { JSX } from 'react';
import { Icon } from '#renderer/components/icon.tsx';
import { useRunView } from '#renderer/session/hooks.ts';
import { formatPlace, navigate, usePlace, viewIds } from '#renderer/session/navigation.ts';
import type { ViewId } from '#renderer/session/navigation.ts';
import { useShownView } from './shown-view.ts';
import { views } from './views.tsx';

export function Rail(): JSX.Element {
  const upper = viewIds.filter((id) => id !== 'settings');
  return (
    <nav className="rail" aria-label="Views">
      {upper.map((id) => (
        <RailItem key={id} id={id} />
      ))}
      <span className="sp" />
      <RailItem id="settings" />
    </nav>
  );
}

function RailItem({ id }: { readonly id: ViewId }): JSX.Element {
  const place = usePlace();
  const shown = useShownView();
  const { title, icon } = views[id];
  const digit = viewIds.indexOf(id);
  const verdicts = useRunView((view) => view.verdicts.filter((verdict) => verdict.clearedAt === null).length) ?? 0;
  const alerts = id === 'diagnosis' ? verdicts : 0;
  return (
    <a
      href={formatPlace({ ...place, view: id })}
      aria-current={shown === id ? 'page' : undefined}
      title={`${title} (${digit})`}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey) return;
        event.preventDefault();
        navigate({ view: id });
      }}
    >
      <Icon name={icon} />
      {alerts > 0 && (
        <>
          <span className="dot" aria-hidden="true" />
          <span className="vh">{alerts === 1 ? '1 verdict' : `${alerts} verdicts`}, </span>
        </>
      )}
      <span className="t">{title}</span>
      <span className="n" aria-hidden="true">
        {digit}
      </span>
    </a>
  );
}
