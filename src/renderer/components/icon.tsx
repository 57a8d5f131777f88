import type { JSX } from 'react';

/** Paths of the icons, drawn on a grid of 16 (arrows of segments on 12): stroke 1.5, round ends. */
const icons = {
  rounds: { size: 16, path: 'M1.5 3.5h7M4.5 8h7M7.5 12.5h7' },
  packets: { size: 16, path: 'M1.5 3h13M1.5 6.3h13M1.5 9.7h8M1.5 13h10' },
  metrics: { size: 16, path: 'M2 1.5v12.5h12.5M4.5 10.5l3-3.5 2.5 2 4-5.5' },
  participants: {
    size: 16,
    path: 'M6 8a2 2 0 1 0 4 0a2 2 0 1 0 -4 0zM1.3 3.2a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0 -3 0zM11.7 3.2a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0 -3 0zM1.3 12.8a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0 -3 0zM11.7 12.8a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0 -3 0zM4 4.3l2.5 2.3M12 4.3L9.5 6.6M4 11.7l2.5-2.3M12 11.7L9.5 9.4',
  },
  diagnosis: { size: 16, path: 'M1 8.5h3l2-5 3.5 9.5 2-4.5h3.5' },
  demo: { size: 16, path: 'M4 2.2v11.6L13.5 8z' },
  settings: {
    size: 16,
    path: 'M2 4h6M12 4h2M2 12h2M8 12h6M2 8h9M8.3 4a1.7 1.7 0 1 0 3.4 0a1.7 1.7 0 1 0 -3.4 0zM4.3 12a1.7 1.7 0 1 0 3.4 0a1.7 1.7 0 1 0 -3.4 0zM11.2 8a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0 -3 0z',
  },
  down: { size: 12, path: 'M6 1.5v8M2.8 6.5L6 9.7l3.2-3.2' },
  up: { size: 12, path: 'M6 10.5v-8M2.8 5.5L6 2.3l3.2 3.2' },
  evaluate: { size: 12, path: 'M1.5 6.5l3 3 6-7' },
  sum: { size: 12, path: 'M9.5 2h-7l4 4-4 4h7' },
  check: { size: 16, path: 'M1.5 8a6.5 6.5 0 1 0 13 0a6.5 6.5 0 1 0 -13 0zM5 8.2l2.2 2.2L11.2 6' },
  warn: { size: 16, path: 'M8 1.8L15 14H1zM8 6.2v4M8 12v.1' },
  stop: { size: 16, path: 'M5 1.3h6L14.7 5v6L11 14.7H5L1.3 11V5zM8 4.5v4.5M8 11.3v.1' },
  close: { size: 16, path: 'M3.5 3.5l9 9M12.5 3.5l-9 9' },
  chevron: { size: 16, path: 'M4 6l4 4 4-4' },
  right: { size: 16, path: 'M6 3.5L10.5 8 6 12.5' },
  save: { size: 16, path: 'M8 1.5v8.5M4.5 6.8L8 10.2l3.5-3.4M2 11.5v3h12v-3' },
  search: { size: 16, path: 'M2 6.8a4.8 4.8 0 1 0 9.6 0a4.8 4.8 0 1 0 -9.6 0zM10.4 10.4L14.5 14.5' },
  cut: {
    size: 16,
    path: 'M1.5 12a2 2 0 1 0 4 0a2 2 0 1 0 -4 0zM10.5 12a2 2 0 1 0 4 0a2 2 0 1 0 -4 0zM4.8 10.5L11 2M11.2 10.5L5 2',
  },
  mark: { size: 16, path: 'M4 1.5h8v13L8 11l-4 3.5z' },
  pause: { size: 16, path: 'M5 3v10M11 3v10' },
  fault: { size: 16, path: 'M9.5 1.5L3 9h4.5L6.5 14.5 13 7H8.5z' },
  link: { size: 16, path: 'M6.5 9.5l3-3M5 7L3 9a2.8 2.8 0 004 4l2-2M11 9l2-2a2.8 2.8 0 00-4-4L7 5' },
  file: { size: 16, path: 'M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3' },
  coordinate: { size: 16, path: 'M2 2.5h12v4H2zM2 9.5h12v4H2zM4.5 4.5h.1M4.5 11.5h.1' },
  ping: {
    size: 16,
    path: 'M6.5 8a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0 -3 0zM4.8 4.8a4.5 4.5 0 000 6.4M11.2 4.8a4.5 4.5 0 010 6.4M2.6 2.6a7.6 7.6 0 000 10.8M13.4 2.6a7.6 7.6 0 010 10.8',
  },
  redial: { size: 16, path: 'M13.5 8a5.5 5.5 0 11-1.7-4M13.5 1.5V4.5h-3' },
  switch: { size: 16, path: 'M2 5h11M10 2l3 3-3 3M14 11H3M6 8l-3 3 3 3' },
  skip: { size: 16, path: 'M3 3l7 5-7 5zM12.5 3v10' },
  clock: { size: 16, path: 'M1.5 8a6.5 6.5 0 1 0 13 0a6.5 6.5 0 1 0 -13 0zM8 4.2V8l2.6 1.8' },
  key: { size: 16, path: 'M1.8 8a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0 -6.4 0zM8.2 8h6.3M12.3 8v3' },
  copy: { size: 16, path: 'M5.5 5.5h8v8h-8zM2.5 10.5v-8h8' },
  home: { size: 16, path: 'M2 7.5L8 2l6 5.5M3.5 6.5v7.5h9V6.5' },
  leave: { size: 16, path: 'M9.5 2h-7v12h7M6 8h8M11 5l3 3-3 3' },
  folder: { size: 16, path: 'M1.5 13.5v-11h4.5l1.5 2h7v9z' },
  unknown: {
    size: 16,
    path: 'M8 1.5a6.5 6.5 0 0 1 4.6 1.9M14.5 8a6.5 6.5 0 0 1-1.9 4.6M8 14.5a6.5 6.5 0 0 1-4.6-1.9M1.5 8a6.5 6.5 0 0 1 1.9-4.6',
  },
  pin: { size: 16, path: 'M5.5 1.5h5M6.5 1.5v5L4 9h8L9.5 6.5v-5M8 9v5.5' },
  bin: { size: 16, path: 'M2 4h12M6 4V2h4v2M3.5 4l.8 10.5h7.4L12.5 4M6.5 7v4.5M9.5 7v4.5' },
  runs: { size: 16, path: 'M3 1.5h10M2 4.5h12M1.5 7.5h13v7h-13z' },
  enter: { size: 16, path: 'M13 3v5.5H3.5M6.5 5.5l-3 3 3 3' },
} as const;

export type IconName = keyof typeof icons;

interface IconProps {
  readonly name: IconName;
  /** `glyph`: inside a segment, where style decides whether it shows. */
  readonly as?: 'icon' | 'small' | 'filled' | 'glyph';
}

/** Decoration beside a text that says the same; hidden from assistive technology. */
export function Icon({ name, as = 'icon' }: IconProps): JSX.Element {
  const { size, path } = icons[name];
  const className = { icon: 'i', small: 'i s12', filled: 'i f', glyph: 'g' }[as];
  return (
    <svg className={className} viewBox={`0 0 ${size} ${size}`} aria-hidden="true">
      <path d={path} />
    </svg>
  );
}
