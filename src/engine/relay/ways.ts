import type { Way } from './way.ts';

/** Both directions of one participant's network; `up` is towards the coordinator. */
export interface Ways {
  readonly up: Way;
  readonly down: Way;
}
