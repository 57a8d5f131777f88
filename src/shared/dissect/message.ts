import type { Dissector } from './dissector.ts';
import { layerOf, subjectOf, subjects } from './kinds.ts';

/** What a frame says, whichever protocol carried it. */
export const message: Dissector = {
  id: 'message',
  title: 'Message',
  reads: ['kind'],
  applies: ({ kind }) => layerOf(kind) !== null,
  fields: [
    {
      name: 'about',
      type: 'choice',
      label: 'about',
      words: 'joining, round, model, evaluation, life or error',
      example: 'about == model',
      values: subjects,
      of: ({ kind }) => subjectOf(kind),
    },
  ],
  summary: ({ kind }) => kind,
};
