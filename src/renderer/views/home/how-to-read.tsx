import type { JSX } from 'react';

const lane = [
  ['receive', 0, 12, 'receive', 'model in'],
  ['train', 12, 27, 'train 64 / 64', 'gradient steps, batch by batch'],
  ['send', 39, 10, 'send', 'model out'],
  ['wait', 49, 12, '8.2 s', 'dots: waits for others'],
  ['evaluate', 61, 14, 'evaluate', 'score'],
  ['stalled', 75, 25, 'stalled', 'hatched: something is wrong'],
] as const;

/** The one picture that the rest of the window is made of, explained before there is one. */
export function HowToRead(): JSX.Element {
  return (
    <div className="read">
      <h2 className="small">How to read a lane</h2>
      <div className="demo-lane" aria-hidden="true">
        {lane.map(([kind, left, width, label]) => (
          <div key={kind} className={`sg ${kind}`} style={{ left: `${left}%`, width: `${width}%` }}>
            <span className="l" data-drops="">
              <i />
              <span>{label}</span>
            </span>
          </div>
        ))}
      </div>
      <div className="caps">
        {lane.map(([kind, left, width, , caption]) => (
          <span key={kind} style={{ left: `${left}%`, width: `${width}%` }}>
            {caption}
          </span>
        ))}
      </div>
    </div>
  );
}
