/** The filter that shows the packets of a round, or of one participant in it. */
export function packetFilter(round: number, participant: string | null): string {
  return participant === null ? `round == ${round}` : `participant == ${participant} && round == ${round}`;
}
