import { navigate } from '#renderer/session/navigation.ts';

/** A round with one participant's part in it. */
export function openLane(round: number, participant: string | null): void {
  navigate({ round, participant });
}

/** Whoever is looked at stays. */
export function openRound(round: number): void {
  navigate({ round });
}

export function closeRound(): void {
  navigate({ round: null, participant: null });
}
