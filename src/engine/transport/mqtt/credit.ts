export * from '../credited/credit.ts';
