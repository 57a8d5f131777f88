import { lazy } from 'react';
import type { ComponentType } from 'react';
import type { IconName } from '#renderer/components/icon.tsx';
import type { PageId, ViewId } from '#renderer/session/navigation.ts';
import { HomeView } from '#renderer/views/home/home-view.tsx';
import { RoundsView } from '#renderer/views/rounds/rounds-view.tsx';

interface ViewEntry {
  readonly title: string;
  readonly icon: IconName;
  readonly component: ComponentType;
}

/** Home and Rounds are what the window opens with; the others are loaded when they are first shown. Decision 0069. */
export const views: Readonly<Record<ViewId | PageId, ViewEntry>> = {
  runs: {
    title: 'Runs',
    icon: 'runs',
    component: lazy(async () => ({ default: (await import('#renderer/views/runs/runs-view.tsx')).RunsView })),
  },
  rounds: { title: 'Rounds', icon: 'rounds', component: RoundsView },
  packets: {
    title: 'Packets',
    icon: 'packets',
    component: lazy(async () => ({ default: (await import('#renderer/views/packets/packets-view.tsx')).PacketsView })),
  },
  metrics: {
    title: 'Metrics',
    icon: 'metrics',
    component: lazy(async () => ({ default: (await import('#renderer/views/metrics/metrics-view.tsx')).MetricsView })),
  },
  participants: {
    title: 'Participants',
    icon: 'participants',
    component: lazy(async () => ({
      default: (await import('#renderer/views/participants/participants-view.tsx')).ParticipantsView,
    })),
  },
  diagnosis: {
    title: 'Diagnosis',
    icon: 'diagnosis',
    component: lazy(async () => ({
      default: (await import('#renderer/views/diagnosis/diagnosis-view.tsx')).DiagnosisView,
    })),
  },
  demo: {
    title: 'Demo',
    icon: 'demo',
    component: lazy(async () => ({ default: (await import('#renderer/views/demo/demo-view.tsx')).DemoView })),
  },
  settings: {
    title: 'Settings',
    icon: 'settings',
    component: lazy(async () => ({
      default: (await import('#renderer/views/settings/settings-view.tsx')).SettingsView,
    })),
  },
  home: { title: 'Home', icon: 'home', component: HomeView },
  join: {
    title: 'Join a run',
    icon: 'link',
    component: lazy(async () => ({ default: (await import('#renderer/views/join/join-view.tsx')).JoinView })),
  },
  leaves: {
    title: 'What leaves this machine',
    icon: 'up',
    component: lazy(async () => ({ default: (await import('#renderer/views/leaves/leaves-view.tsx')).LeavesView })),
  },
  coordinate: {
    title: 'Coordinate a run',
    icon: 'coordinate',
    component: lazy(async () => ({
      default: (await import('#renderer/views/coordinate/coordinate-view.tsx')).CoordinateView,
    })),
  },
};
