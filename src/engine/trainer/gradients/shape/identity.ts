import type { GradientRule } from '../rule.ts';

/**
 * y = x: ∂x = ∂y.
 */
export const identityGradient: GradientRule = ({ gradient }) => [gradient];
