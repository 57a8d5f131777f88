import { limits } from '#shared/contract/limits.ts';
import type { BodyOf, DataSummary, RunPlanBody } from '#shared/contract/messages.ts';

type Asked = Pick<RunPlanBody, 'localEpochs' | 'batchSize' | 'learningRate' | 'optimizer' | 'model'>;

/** Why this machine does not do what is asked for each round, for its user; null: it does. */
export function tooMuchWork({ localEpochs }: Pick<Asked, 'localEpochs'>, { examples }: DataSummary): string | null {
  const passes = localEpochs * examples;
  if (passes <= limits.trainingPassesMax) return null;
  const number = (value: number): string => value.toLocaleString('en-US');
  return (
    `This run asks for ${number(localEpochs)} passes over your ${number(examples)} examples in each round, ${number(passes)} ` +
    `examples in all, and at most ${number(limits.trainingPassesMax)} are trained on for a coordinator. ` +
    'Ask whoever coordinates it for fewer local epochs, or join with less data.'
  );
}

/** What a coordinator asks for beside its plan, by which people decided to join; null: nothing. */
export function otherThanPlanned(plan: Asked, config: BodyOf<'training_config'>): string | null {
  const names = ['localEpochs', 'batchSize', 'learningRate', 'optimizer', 'model'] as const;
  const other = names.find((name) => JSON.stringify(plan[name]) !== JSON.stringify(config[name]));
  if (other === undefined) return null;
  const [asked, planned] = [JSON.stringify(config[other]), JSON.stringify(plan[other])];
  return `the coordinator asks for ${other} ${asked}, and its plan says ${planned}`.slice(0, 500);
}
