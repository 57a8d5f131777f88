import { useMemo } from 'react';
import { speedMax, speedMin } from '#shared/contract/app/source.ts';
import { useCommands } from '#renderer/session/commands.ts';
import type { Command } from '#renderer/session/commands.ts';
import { useRecording, useRecordingActions } from '#renderer/session/recordings/recordings.ts';

export const speeds = [speedMin, 0.5, 1, 4, 20, speedMax] as const;

/** Keys of a recording, in its bar as well. */
export const replayKeys = {
  play: ' ',
  event: [',', '.'],
  round: ['Shift+P', 'Shift+N'],
  verdict: ['Shift+B', 'Shift+V'],
} as const;

const section = 'Recording';

/** Playing and moving in a recording by key and by name. */
export function useReplayCommands(): void {
  const recording = useRecording();
  const { close, play, step } = useRecordingActions();
  const shown = recording !== null;
  const playing = recording?.playing ?? false;
  useCommands(
    useMemo((): Command[] => {
      if (!shown) return [];
      const steps = (['event', 'round', 'verdict'] as const).flatMap((to) =>
        [false, true].map((forward): Command => ({
          id: `step-${to}-${forward ? 'on' : 'back'}`,
          section,
          group: 'do',
          title: `${forward ? 'Next' : 'Previous'} ${to}`,
          detail: 'of the recording',
          icon: 'skip',
          key: replayKeys[to][forward ? 1 : 0],
          run: () => step(to, forward),
        })),
      );
      return [
        {
          id: 'play-recording',
          section,
          group: 'do',
          title: playing ? 'Pause the recording' : 'Play the recording',
          icon: playing ? 'pause' : 'demo',
          key: replayKeys.play,
          run: () => play(!playing),
        },
        ...steps,
        ...speeds.map((speed): Command => ({
          id: `speed-${speed}`,
          section,
          group: 'do',
          title: `Play the recording at ${speed}×`,
          icon: 'clock',
          run: () => play(true, speed),
        })),
        {
          id: 'close-recording',
          section,
          group: 'do',
          title: 'Close the recording',
          detail: 'back to the run that goes on',
          icon: 'close',
          run: close,
        },
      ];
    }, [shown, playing, play, step, close]),
  );
}
