import { RoundscopeError } from '#shared/base/errors.ts';
import { listNames } from '#shared/base/text/list-names.ts';
import type { RunPlanBody } from '#shared/contract/messages.ts';
import { parameterCount, type ParameterLayout } from '#shared/tensor/parameter-set.ts';

/**
 * A plan must agree with itself: one class for each output of its model, each name once, as many parameters as it says.
 * @param layout of the plan's model, which has been found to fit together
 * @throws RoundscopeError `model_invalid`
 */
export function checkPlan({ classes, model, parameters }: RunPlanBody, layout: ParameterLayout): void {
  const twice = classes.filter((name, i) => classes.indexOf(name) !== i);
  const counted = parameterCount(layout);
  const fault =
    classes.length !== model.numClasses
      ? `it names ${classes.length} classes, and its model tells ${model.numClasses} apart`
      : twice.length > 0
        ? `it names a class twice: ${listNames(twice)}`
        : counted === parameters
          ? null
          : `it says ${parameters} parameters, and its model has ${counted}`;
  if (fault === null) return;
  throw new RoundscopeError('model_invalid', {
    layer: 'round',
    message: `The plan of this run does not agree with itself: ${fault}. Ask whoever coordinates it.`,
  });
}
