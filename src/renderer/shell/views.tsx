import { lazy } from 'react';
import type { ComponentType } from 'react';
import type { IconName } from '#renderer/components/icon.tsx';
import type { ViewId } from '#renderer/session/navigation.ts';
import { RoundsView } from '#renderer/views/rounds/rounds-view.tsx';

interface ViewEntry {
  readonly title: string;
  readonly icon: IconName;
  readonly component: ComponentType;
}

/** Rounds is what the window opens with; the others are loaded when they are first shown. */
export const views: Readonly<Record<ViewId, ViewEntry>> = {
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
};
