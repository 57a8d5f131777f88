export * from '../credited/piece.ts';
