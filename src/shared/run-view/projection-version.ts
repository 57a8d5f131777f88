/**
 * Which projection a view was folded by. Raised when `applyEvent` makes another view of the same events than before, or a
 * `RunView` has another shape: recordings keep views for later (docs/recording-format.md, `states`), and those of another
 * version are folded anew.
 */
export const projectionVersion = 2;
