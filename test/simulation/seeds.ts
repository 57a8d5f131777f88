/** Seeds that found a mistake, with what it was. They are played before all others, for ever. */
export const seeds: readonly { readonly seed: number; readonly found: string }[] = [
  {
    seed: 423,
    found:
      'all selected participants left while a late joiner was there: the run failed instead of beginning the round with the joiner',
  },
  { seed: 1234, found: 'the reason of a stall was cut off before it had named everybody who was waited for' },
  {
    seed: 1917,
    found: 'who had asked for the network of a run that was over by then was never answered, and waited for ever',
  },
];
