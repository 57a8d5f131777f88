import { useCallback, useMemo, useRef, useState } from 'react';
import type { JSX } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { formatSeconds } from '#renderer/components/words/format.ts';
import { saveFile } from '#renderer/components/save.ts';
import { useNow } from '#renderer/session/hooks.ts';
import { useSlowView } from '#renderer/session/run/use-slow-view.ts';
import { showToast } from '#renderer/session/toasts.ts';
import { chartsAsSvg, savePng } from './export-charts.ts';
import { ExportMenu } from './export-menu.tsx';
import {
  crossAt,
  macroF1Series,
  qualitySeries,
  reachedOf,
  roundTripSeries,
  seriesCsv,
  updateSeries,
} from './metric-series.ts';
import type { XAxis } from './metric-series.ts';
import { BytesPanel } from './bytes-panel.tsx';
import { sharedX } from './chart-drawing.ts';
import { useCrossKeys } from './cross-keys.ts';
import { ConfusionPanel } from './confusion-panel.tsx';
import { QualityChart } from './quality-chart.tsx';
import { RoundTripChart } from './round-trip-chart.tsx';
import { TimeChart } from './time-chart.tsx';
import { UpdateChart } from './update-chart.tsx';
import './metrics.css';

/** A chart that changes more often says no more, and each change of all of them costs frames. */
const apartMs = 1000;

export function MetricsView(): JSX.Element {
  const view = useSlowView(apartMs);
  return view === null ? <main aria-busy="true" /> : <Charts view={view} />;
}

function Charts({ view }: { readonly view: RunView }): JSX.Element {
  const [axis, setAxis] = useState<XAxis>('round');
  const [showLocal, setShowLocal] = useState(true);
  const [cross, setCross] = useState<number | null>(null);
  const root = useRef<HTMLElement>(null);
  const now = useNow(1000);
  const x = useMemo(() => sharedX(view, axis, now), [view, axis, now]);
  // Rounds are read one by one; a moment is read where the pointer is. Nothing is read where nothing has been yet.
  const reached = reachedOf(view, axis, now);
  const onCross = useCallback(
    (at: number | null) => setCross(at === null ? null : crossAt(at, axis, reached)),
    [axis, reached],
  );
  useCrossKeys({ cross, axis, reached }, onCross);
  const input = { view, axis, x, showLocal, cross, onCross };
  const onExport = (kind: 'csv' | 'svg' | 'png'): void => {
    const name = `${view.run}-metrics.${kind}`;
    if (kind === 'csv') saveFile(name, 'text/csv', csvOf(view, axis));
    else if (root.current === null) return;
    else if (kind === 'svg') saveFile(name, 'image/svg+xml', chartsAsSvg(root.current).text);
    else {
      spawn(
        'saving the charts',
        savePng(root.current, name).then((done) => {
          if (!done)
            showToast({
              level: 'warning',
              text: 'This browser does not turn the charts into a PNG; SVG and CSV work.',
              error: null,
            });
        }),
      );
    }
  };
  return (
    <main className="v-metrics" ref={root}>
      <div className="tool">
        <h2>Metrics</h2>
        <Choice
          label="Horizontal axis"
          value={axis}
          options={[
            ['round', 'By round'],
            ['time', 'By time'],
          ]}
          onPick={(value) => (setCross(null), setAxis(value))}
        />
        <Choice
          label="Lines"
          value={showLocal ? 'both' : 'global'}
          options={[
            ['both', 'Global and local'],
            ['global', 'Global'],
          ]}
          onPick={(value) => setShowLocal(value === 'both')}
        />
        <Readout axis={axis} cross={cross} />
        <ExportMenu onExport={onExport} />
      </div>
      <QualityChart what="loss" {...input} />
      <QualityChart what="accuracy" {...input} />
      <TimeChart {...input} />
      <RoundTripChart {...input} />
      <BytesPanel view={view} />
      <UpdateChart {...input} />
      <ConfusionPanel view={view} round={axis === 'round' ? cross : null} />
    </main>
  );
}

/** What the figures in the legends stand for. */
function Readout({ axis, cross }: { readonly axis: XAxis; readonly cross: number | null }): JSX.Element {
  if (cross === null) return <span className="t3">figures below are the latest</span>;
  return (
    <>
      <span className="xr">{axis === 'round' ? `round ${cross}` : formatSeconds(cross * 1000)}</span>
      <span className="t3">figures below are for this {axis === 'round' ? 'round' : 'moment'}</span>
    </>
  );
}

function csvOf(view: RunView, axis: XAxis): string {
  const updates = updateSeries(view, axis);
  return seriesCsv(
    [
      { name: 'loss', series: qualitySeries(view, 'loss', axis) },
      { name: 'accuracy', series: qualitySeries(view, 'accuracy', axis) },
      { name: 'macro_f1', series: macroF1Series(view, axis) },
      { name: 'round_trip_ms', series: roundTripSeries(view, axis) },
      { name: 'update_norm', series: updates.norm },
      { name: 'update_cosine', series: updates.cosine },
    ],
    axis,
  );
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [T, string])[];
  readonly onPick: (value: T) => void;
}

function Choice<T extends string>({ label, value, options, onPick }: ChoiceProps<T>): JSX.Element {
  return (
    <span className="seg-ctl" role="group" aria-label={label}>
      {options.map(([id, text]) => (
        <button type="button" key={id} aria-pressed={id === value} onClick={() => onPick(id)}>
          {text}
        </button>
      ))}
    </span>
  );
}
